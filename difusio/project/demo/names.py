"""Names for people who do not exist, by language, and the words that they agreed to."""

from typing import Final

LANGUAGES: Final = ("ca", "es", "en")

_FIRST_NAMES: Final = {
    "ca": (
        "Aina Àlex Arnau Aurora Berta Biel Bruna Carla Clàudia Dolors Eloi Emma Ferran Gemma Guillem Ivet Jan Jordi "
        "Júlia Laia Llúcia Marc Mariona Martí Meritxell Mireia Montserrat Neus Núria Oriol Ona Pau Pol Queralt Quim "
        "Roger Roser Sergi Sílvia Txell Xavier"
    ),
    "es": (
        "Adrián Alba Alejandro Álvaro Ana Andrés Beatriz Begoña Carlos Carmen César Cristina Daniel Elena Esperanza "
        "Fernando Gonzalo Inés Íñigo Javier José Juan Julia Lola Lucía Manuel Marcos Marina Marta Mercedes Miguel "
        "Nuria Óscar Pablo Paula Pilar Rafael Raquel Rocío Sergio Sofía Victoria"
    ),
    "en": (
        "Abigail Adam Alice Amelia Andrew Anna Arthur Benjamin Charlotte Chloe Daniel Edward Ellie Emily Ethan "
        "Fiona Florence George Grace Hannah Harriet Harry Heather Henry Isla Jack James Jessica Kate Laura Lily Lucy "
        "Matthew Megan Oliver Olivia Poppy Rosie Samuel Sophie Thomas William"
    ),
}

_LAST_NAMES: Final = {
    "ca": (
        "Aguiló Bosch Busquets Cabré Camps Canals Casals Codina Coll Comas Costa Dalmau Espriu Esteve Farré Ferrer "
        "Figueras Font Garriga Giralt Güell Jané Llorens Maragall Mas Miralles Mir Oliva Pagès Pi Planas Pons Prat "
        "Puig Pujol Ribas Riera Roca Rovira Sabaté Sala Serra Solà Soler Torras Tuset Vallès Vidal Vila"
    ),
    "es": (
        "Alonso Álvarez Blanco Cano Castro Crespo Delgado Díaz Domínguez Fernández García Garrido Gil Gómez González "
        "Gutiérrez Hernández Herrero Iglesias Jiménez López Lozano Marín Márquez Martínez Medina Molina Morales "
        "Moreno Muñoz Navarro Núñez Ortega Ortiz Peña Pérez Prieto Ramos Rey Rodríguez Romero Rubio Ruiz Sánchez "
        "Santos Sanz Suárez Torres Vázquez Vega"
    ),
    "en": (
        "Adams Allen Bailey Baker Barnes Bell Bennett Brown Butler Carter Clarke Collins Cook Cooper Cox Davies "
        "Edwards Ellis Evans Fisher Foster Gray Green Griffiths Hall Harris Hughes Jackson Johnson Jones Kelly King "
        "Lewis Marshall Mason Mills Morgan Murray O'Brien Palmer Parker Phillips Price Reed Roberts Shaw Taylor "
        "Turner Walker Watson White Wright"
    ),
}

FIRST_NAMES: Final = {language: tuple(text.split()) for language, text in _FIRST_NAMES.items()}
LAST_NAMES: Final = {language: tuple(text.split()) for language, text in _LAST_NAMES.items()}

# Out of 100 people of a country: who reads what.  The last line is for every other country.
READS: Final[dict[str, tuple[tuple[str, int], ...]]] = {
    "ES": (("ca", 48), ("es", 48), ("en", 4)),
    "AD": (("ca", 85), ("es", 13), ("en", 2)),
    "FR": (("ca", 20), ("es", 15), ("en", 65)),
    "GB": (("en", 88), ("es", 7), ("ca", 5)),
    "": (("en", 80), ("es", 15), ("ca", 5)),
}

WORDINGS: Final[dict[str, str]] = {
    "ca": (
        "Sí, vull rebre per WhatsApp les ofertes de la botiga de mostra. Puc deixar-ho quan vulgui responent BAIXA."
    ),
    "es": (
        "Sí, quiero recibir por WhatsApp las ofertas de la tienda de muestra. Puedo dejarlo cuando quiera "
        "respondiendo BAJA."
    ),
    "en": "Yes, send me the demo shop's offers on WhatsApp. I can stop at any time by answering STOP.",
}

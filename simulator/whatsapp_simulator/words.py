"""What people write, in their language: thanks, questions, complaints, and words for leaving."""

NAMES = (
    "Ona Exemple", "Núria Mostra", "Jordi Prova", "Laia Assaig", "Pau Model", "Mercè Esbós", "Arnau Senyal",
    "José Ejemplo", "Lucía Muestra", "Íñigo Prueba", "Carmen Modelo", "Andrés Ensayo", "Begoña Boceto",
    "Alice Sample", "Ben Example", "Chloë Trial", "Dan Draft", "Zoë Pattern", "Asha Model 🌸", "Omar Sketch",
)  # fmt: skip
# For a crowd, whose languages are known before anybody writes.
NAMES_IN: dict[str, tuple[str, ...]] = {
    "ca": NAMES[:7],
    "es": NAMES[7:13],
    "en": NAMES[13:],
    "gl": ("Uxía Mostra", "Brais Exemplo", "Noa Ensaio", "Xoán Proba"),
    "eu": ("Ane Adibidea", "Iker Lagin", "Nerea Proba", "Unai Saiakera"),
    "fr": ("Chloé Exemple", "Léo Essai", "Aïcha Modèle", "Rémi Épreuve"),
    "it": ("Giulia Esempio", "Matteo Prova", "Nicolò Modello", "Chiara Saggio"),
    "pt": ("Inês Exemplo", "João Ensaio", "Conceição Modelo", "Tomás Prova"),
    "de": ("Jana Beispiel", "Jörg Muster", "Käthe Probe", "Lukas Entwurf"),
    "ro": ("Ioana Exemplu", "Ștefan Probă", "Măriuca Model", "Andrei Încercare"),
    "ar": ("ليلى مثال", "عمر تجربة", "سلمى نموذج", "يوسف عينة"),
    "uk": ("Олена Приклад", "Тарас Зразок", "Мар'яна Проба", "Андрій Взірець"),
}

REPLIES: dict[str, tuple[str, ...]] = {
    "ca": (
        "Gràcies! 😊", "Molt bé, gràcies.", "Quant costa enviar-ho?", "A quina hora tanqueu?", "Ho miro demà",
        "Encara no m'ha arribat la comanda.",
    ),
    "es": (
        "¡Gracias! 😊", "Muy bien, gracias.", "¿Cuánto cuesta el envío?", "¿A qué hora cerráis?",
        "Lo miro mañana", "Aún no me ha llegado el pedido.",
    ),
    "en": (
        "Thanks! 😊", "Lovely, thank you.", "How much is delivery?", "When do you close?",
        "I'll look tomorrow", "My order still hasn't come.",
    ),
    "gl": (
        "Grazas! 😊", "Moi ben, grazas.", "Canto custa o envío?", "A que hora pechades?", "Míroo mañá",
        "Aínda non me chegou o pedido.",
    ),
    "eu": (
        "Eskerrik asko! 😊", "Oso ondo, mila esker.", "Zenbat da bidalketa?", "Zer ordutan ixten duzue?",
        "Bihar begiratuko dut", "Eskaera oraindik ez zait iritsi.",
    ),
    "fr": (
        "Merci ! 😊", "Très bien, merci.", "C'est combien, la livraison ?", "Vous fermez à quelle heure ?",
        "Je regarde ça demain", "Je n'ai toujours pas reçu ma commande.",
    ),
    "it": (
        "Grazie! 😊", "Benissimo, grazie.", "Quanto costa la spedizione?", "A che ora chiudete?",
        "Ci guardo domani", "Il mio ordine non è ancora arrivato.",
    ),
    "pt": (
        "Obrigada! 😊", "Muito bem, obrigado.", "Quanto custa o envio?", "A que horas fecham?",
        "Vejo isso amanhã", "A minha encomenda ainda não chegou.",
    ),
    "de": (
        "Danke! 😊", "Prima, vielen Dank.", "Was kostet der Versand?", "Wann macht ihr zu?",
        "Ich schau morgen mal", "Meine Bestellung ist immer noch nicht da.",
    ),
    "ro": (
        "Mulțumesc! 😊", "Foarte bine, mersi.", "Cât costă livrarea?", "La ce oră închideți?",
        "Mă uit mâine", "Comanda mea tot n-a ajuns.",
    ),
    "ar": (
        "شكرًا! 😊", "ممتاز، شكرًا لكم.", "كم سعر التوصيل؟", "متى تغلقون؟", "سأنظر في الأمر غدًا",
        "طلبي لم يصل بعد.",
    ),
    "uk": (
        "Дякую! 😊", "Чудово, дякую.", "Скільки коштує доставка?", "О котрій ви зачиняєтеся?",
        "Завтра подивлюся", "Моє замовлення досі не прийшло.",
    ),
}  # fmt: skip

LEAVING: dict[str, tuple[str, ...]] = {
    "ca": ("BAIXA", "baixa", "Baixa.", "Baixa!", "BAIXA si us plau", "Stop", " baixa "),
    "es": ("BAJA", "Baja", "baja.", "¡Baja!", "Baja por favor", "stop", "BAJA "),
    "en": ("STOP", "Stop", "stop", "stop please", "Stop.", "STOP!!", "Unsubscribe"),
    "gl": ("BAIXA", "Baixa", "baixa por favor", "Stop", "Baixa."),
    "eu": ("STOP", "Baja", "stop mesedez", "Stop."),
    "fr": ("STOP", "Stop", "stop svp", "Désabonner", "Stop !", "stop s'il vous plaît"),
    "it": ("STOP", "Stop", "stop per favore", "Disiscrivimi", "Cancellami"),
    "pt": ("SAIR", "Sair", "Parar", "sair por favor", "STOP"),
    "de": ("STOPP", "Stopp", "stop bitte", "Abmelden", "Abbestellen", "STOP"),
    "ro": ("STOP", "Stop", "Dezabonare", "stop vă rog"),
    "ar": ("إيقاف", "توقف", "إلغاء الاشتراك", "STOP"),
    "uk": ("СТОП", "Стоп", "Відписатися", "стоп будь ласка"),
}
LANGUAGES = tuple(REPLIES)

_LEAVING_WORDS = frozenset(
    {
        "baixa", "baja", "stop", "unsubscribe", "désabonner", "disiscrivimi", "cancellami", "sair", "parar",
        "stopp", "abmelden", "abbestellen", "dezabonare", "إيقاف", "توقف", "إلغاء الاشتراك", "стоп", "відписатися",
    }
)  # fmt: skip
_POLITENESS = (
    "si us plau", "por favor", "please", "mesedez", "svp", "s'il vous plaît", "per favore", "bitte", "vă rog",
    "будь ласка",
)  # fmt: skip


_LEAVING_LABELS = (
    "baixa",
    "baja",
    "stop",
    "unsubscribe",
    "atura",
    "deixa",
    "deja",
    "no rebre",
    "no recibir",
    "opt out",
)


def label_means_leaving(label: str) -> bool:
    """Tell whether the label of a quick reply offers to leave, such as "Atura promocions"."""
    plain = label.lower()
    return any(word in plain for word in _LEAVING_LABELS)


def language_of(code: str) -> str:
    """Choose the language people answer in, from Meta's code: `pt` of `pt_BR`; `en` where they know none."""
    spoken = code[:2].lower()
    return spoken if spoken in REPLIES else "en"


def means_leaving(text: str) -> bool:
    """Tell whether a text is one of the words people leave with, in any case and with any marks."""
    plain = text.lower()
    for polite in _POLITENESS:
        plain = plain.replace(polite, "")
    return plain.strip(" \t\r\n.,;:!¡?¿\"'") in _LEAVING_WORDS

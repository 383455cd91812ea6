"""What people write when they leave, and what they write when they do not; the words are made up or common."""

import pytest

from difusio.rules.leaving_words import Leaving, LeavingKind, classify, sounds_like_leaving

LEAVING = {
    "ca": [
        "Baixa", "BAIXA", "baixa.", "Baixa!", "¡BAIXA!", " baixa ", "BAIXA si us plau", "Baixa sisplau",
        "Hola, baixa", "baixa gràcies", "Bon dia, baixa si us plau, gràcies", "b.a.i.x.a", "B A I X A",
        "baixaaaa", "*BAIXA*", "«Baixa»", "Baixa 🙏", "baxa", "Sí, baixa", "Vull la baixa",
        "vull donar-me de baixa", "Vull donarme de baixa", "em vull donar de baixa",
        "Em podeu donar de baixa?", "dona'm de baixa", "dona’m de baixa", "donam de baixa",
        "Doneu-me de baixa", "doneu-me de baixa de la llista", "Em dono de baixa", "Com em dono de baixa?",
        "Podeu donar-me de baixa si us plau?", "Demano la baixa", "Sol·licito la baixa",
        "baixa de la llista", "baixa publicitat", "Baixa de tots els missatges",
        "no vull rebre més missatges", "No vull rebre més", "No vull rebre res més", "no en vull rebre més",
        "no vull més missatges", "No vull més publicitat", "No m'envieu més missatges",
        "no m'envieu res més", "No m'envieu més WhatsApps si us plau", "no em torneu a escriure",
        "No m'escriviu més", "no em molesteu més", "deixeu d'enviar-me missatges", "Deixeu-me en pau",
        "prou", "Prou!", "prou missatges", "Ja n'hi ha prou!", "Prou de publicitat", "Atureu", "Esborra'm",
        "esborreu-me de la llista", "Esborreu el meu número", "elimina'm", "treu-me de la llista",
        "Traieu-me d'aquesta llista", "Cancel·lar", "cancel·lar la subscripció", "desapunta'm", "No més",
        "no més missatges", "Atura promocions", "STOP si us plau", "stop ja",
        "Gràcies, però no vull rebre més promocions", "Baixa. Maria Puig", "Baixa\nGràcies",
        "BAIXA 600 000 001", "Ja us ho he dit dues vegades. Baixa.", "Que pesats, baixa",
        "baixa de promocions, però avisos sí", "Hola, com puc deixar de rebre aquests missatges?",
        "Vull sortir de la llista", "baixa baixa baixa", "No vull saber res més de vosaltres",
    ],
    "es": [
        "BAJA", "baja", "Baja.", "¡Baja!", "Baja por favor", "baja porfa", "Hola, baja por favor", "BAJAAA",
        "bja", "Darme de baja", "Dar de baja", "dame de baja", "Dadme de baja", "Denme de baja",
        "Quiero darme de baja", "me quiero dar de baja", "Quiero que me deis de baja", "me doy de baja",
        "¿Me podéis dar de baja?", "¿Cómo me doy de baja?", "Quiero la baja", "Solicito la baja",
        "Baja de la lista", "baja publicidad", "no quiero recibir más", "No quiero recibir más mensajes",
        "no quiero recibir nada", "No quiero más mensajes", "no quiero más publicidad gracias",
        "No quiero vuestra publicidad", "no quiero que me escribáis más", "No me mandéis más mensajes",
        "no me enviéis más publicidad", "No me envíen más mensajes por favor", "no me volváis a escribir",
        "No me escribáis más", "dejad de enviarme mensajes", "Dejen de mandar mensajes", "Dejadme en paz",
        "déjenme en paz", "Basta", "¡Basta ya!", "Basta de mensajes", "parad ya", "para", "Quitar",
        "quítame", "Quitadme de la lista", "quítenme de su lista", "Bórrame", "borradme de vuestra lista",
        "Elimíname", "eliminen mi número", "Sáquenme de esta lista", "Cancelar", "cancelar suscripción",
        "anular suscripción", "Desuscribirme", "No más", "no más mensajes", "Stop por favor",
        "Hola buenas, quiero darme de baja. Un saludo", "para ya con los mensajes", "¿Cómo dejo de recibir mensajes?",
        "No quiero estar en esta lista", "quiero salir de la lista", "Me he dado de baja", "Baja, joder",
        "quiero dejar de recibir esto", "Salir", "No gracias. BAJA", "BAJA 600 000 002",
        "Compré una cosa y nunca llegó, estoy muy enfadado con la tienda, no me mandéis más mensajes por favor",
    ],
    "en": [
        "STOP", "stop", "Stop.", "STOP!!", "stop please", "Please stop", "pls stop", "Stop now", "stooop",
        "S T O P", "S.T.O.P", "“Stop”", "🛑 STOP 🛑", "🛑", "Ｓｔｏｐ", "Yes, stop", "ok stop",
        "Stop thank you", "stp", "sotp", "I said stop", "unsubscribe", "UNSUBSCRIBE", "Unsubscribe me",
        "unsuscribe", "unsubcribe", "please unsubscribe me from this list", "How do I unsubscribe?",
        "I want to unsubscribe", "I can't unsubscribe", "opt out", "Opt-out", "OPTOUT",
        "I'd like to opt out", "Opt me out please", "remove me", "Remove me from your list",
        "Take me off this list", "please remove my number", "Delete my number", "stop messaging me",
        "Stop sending me messages", "stop texting me!!!", "Can you please stop sending me messages?",
        "Why don't you stop messaging me", "don't send me any more messages",
        "Do not send me any more promotions", "don’t text me again", "Do not contact me",
        "never message me again", "I don't want any more messages",
        "I don't want to receive these messages", "don't want your promos", "No more messages please",
        "no more", "Leave me alone", "lose my number", "Stop these messages", "stop promotions",
        "Stop promos", "Stop the spam", "stop this", "Cancel", "CANCEL PLEASE", "End", "quit", "Revoke",
        "cancel my subscription", "I want to stop receiving this", "I want to leave this group",
        "Hi. Stop. Thanks", "I have told you twice already. Stop.", "Unsubscribe from Promos",
        "Stop Promotions", "optout:42", "STOP_PROMOTIONS", "opt_out", "stop 42", "Exit", "Out",
        "i want out", "how can I stop these messages?", "stop fucking texting me",
    ],
    "others": [
        "Sair", "parar", "Pare de me enviar mensagens", "Não quero receber mais", "descadastrar",
        "Me tira da lista", "Arrêtez", "désabonner", "Désinscrivez-moi",
        "Je ne veux plus recevoir de messages", "me désinscrire", "Basta così",
        "Non voglio più ricevere messaggi", "Cancellami", "disiscrivimi", "Abmelden", "abbestellen",
        "Keine Nachrichten mehr", "Bitte keine Werbung mehr", "रोकें", "बंद करो", "band karo",
    ],
    "eu": ["Baja eman", "stop mesedez", "Ez bidali gehiago", "Utzi!"],
    "ro": ["Dezabonare", "stop vă rog", "Dezabonați-mă", "Vreau să mă dezabonez", "Opriți!"],
    "ar": ["إيقاف", "توقف", "إلغاء الاشتراك", "الغاء الاشتراك من فضلك", "كفى!"],
    "uk": ["СТОП", "Стоп", "Відписатися", "стоп будь ласка", "Відпишіть мене, будь ласка"],
    "ru": ["Отписаться", "отпишите меня, пожалуйста", "Хватит!"],
}  # fmt: skip

STAYING = {
    "ca": [
        "la baixa temporada", "Quan comença la temporada baixa?", "Teniu talla més baixa?",
        "La planta baixa és accessible?", "baixa el preu?", "Ara baixo", "Estic de baixa",
        "estic de baixa mèdica, ja passaré", "Em van donar de baixa al juny", "no em doneu de baixa",
        "No vull donar-me de baixa", "No pareu!", "no deixeu d'enviar-me ofertes",
        "Em vull donar de baixa del gimnàs", "Donar d'alta", "vull donar-me d'alta",
        "No m'envieu el paquet a casa", "No vull rebre el paquet dilluns", "no vull rebre'l més tard",
        "Prou bé, gràcies", "Gràcies!", "No", "no gràcies", "Sí", "Molt bé, gràcies.",
        "Fins a quina hora obriu avui?", "Què costa l'enviament?", "La parada del bus és a prop?",
        "Treu-me una entrada", "vaja!", "Ho miro demà",
        "Res més, gràcies", "Cancel·leu la comanda", "Ja n'hi ha prou per a quatre persones?",
        "Quan s'atura l'oferta?",
        "M'interessa la planta baixa que teniu en lloguer a Gràcia, encara està disponible per visitar-la dissabte?",
    ],
    "es": [
        "dar de alta", "Quiero darme de alta", "no paréis", "no pares!", "temporada baja",
        "¿Es en la planta baja?", "baja el precio", "¿Cuándo baja el precio?", "Estoy de baja",
        "Me han dado de baja en el trabajo", "No me deis de baja", "no quiero darme de baja",
        "no quiero dejar de recibir ofertas", "No me borréis", "no quiero recibir el pedido más tarde",
        "No me enviéis el paquete a casa", "para mañana", "Para mi hija", "¿Para cuándo?", "Gracias", "No",
        "no gracias", "Vale", "¡Bien!", "¿Cuánto cuesta el envío?", "Lo miro mañana",
        "nada más, gracias", "cancelar la cita", "para el pedido de ayer", "Quiero salir de la lista de espera",
        "¿Hasta qué hora abrís hoy?", "La calidad es baja", "calidad muy baja", "Baja laboral",
        "¿Hay stock?", "¿Dónde está la parada de autobús?", "Quítame una duda",
        "no me escribáis la dirección en el paquete, es regalo",
    ],
    "en": [
        "don't stop", "Dont stop!", "please don't stop", "Never stop", "I can't stop laughing", "non-stop",
        "nonstop fun", "when does the offer stop?", "When does the sale end?", "bus stop",
        "Is there a bus stop near you?",
        "Take me off the waiting list", "full stop", "Can I stop by tomorrow?", "I'll stop by at 5",
        "one-stop shop", "The end", "Did you stop selling the blue ones?", "do you stop at noon?",
        "Don't unsubscribe me", "I don't want to unsubscribe", "please don't remove me", "Thanks!", "No",
        "no thanks", "Not interested", "I don't want the offer", "don't send me the red one",
        "Cancel my order", "Can you cancel the delivery?", "Remove the blue one from my order",
        "I want to stop smoking", "I want to leave a review", "don't want to receive the parcel on Monday",
        "Is this the end of the sale?", "fine", "I'm fine", "How much is delivery?", "", "   ", "👍",
        "😊😊", "123", "?",
    ],
    "ro": ["Mulțumesc!", "La ce oră închideți?"],
    "ar": ["شكرا", "كم سعر التوصيل؟"],
    "uk": ["Дякую!", "Скільки коштує доставка?"],
}  # fmt: skip

DOUBTFUL = [
    "Not interested", "No m'interessa", "no me interesa", "Això és spam", "¿Quién os ha dado mi número?",
    "I'll report you", "how do you have my number", "Em vull donar de baixa del gimnàs", "Us bloquejo",
    "estoy harto",
]  # fmt: skip


def _cases(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(language, phrase) for language, phrases in table.items() for phrase in phrases]


@pytest.mark.parametrize(("language", "phrase"), _cases(LEAVING))
def it_lets_go_whoever_says_so(language: str, phrase: str) -> None:
    assert classify(phrase) == classify(phrase, language) == Leaving(LeavingKind.ALL_MARKETING)


@pytest.mark.parametrize(("language", "phrase"), _cases(STAYING))
def it_keeps_whoever_says_something_else(language: str, phrase: str) -> None:
    assert classify(phrase) is None
    assert classify(phrase, language) is None


@pytest.mark.parametrize(
    "phrase",
    ["Unsubscribe", "Baixa", "Darme de baja", "Stop promotions", "Atura promocions", "No rebre'n més"],
)
def it_reads_the_labels_of_opt_out_buttons(phrase: str) -> None:
    assert classify(phrase) == Leaving(LeavingKind.ALL_MARKETING)


@pytest.mark.parametrize(
    "phrase", ["STOP ALL", "stopall", "Baixa de tot", "baja total", "Unsubscribe me from everything"]
)
def it_hears_when_service_messages_are_meant_too(phrase: str) -> None:
    assert classify(phrase) == Leaving(LeavingKind.EVERYTHING)


@pytest.mark.parametrize(
    "phrase", ["STOP ofertes", "Baixa de les ofertes", "baixa d'ofertes si us plau", "Stop Ofertes!"]
)
def it_leaves_only_the_topic_that_is_named(phrase: str) -> None:
    assert classify(phrase, topics=["Avisos", "Ofertes"]) == Leaving(LeavingKind.TOPIC, ("Ofertes",))


def it_leaves_everything_of_marketing_when_the_name_is_no_topic() -> None:
    assert classify("Stop promocions", topics=["Ofertes"]) == Leaving(LeavingKind.ALL_MARKETING)


@pytest.mark.parametrize(("phrase", "language"), [("Pare", "pt_BR"), ("fine", "it"), ("Halt", "de")])
def it_reads_a_word_by_the_persons_language_where_languages_differ(phrase: str, language: str) -> None:
    assert classify(phrase, language) == Leaving(LeavingKind.ALL_MARKETING)
    assert classify(phrase, "ca") is None


@pytest.mark.parametrize("phrase", DOUBTFUL)
def it_marks_a_doubtful_message_for_a_person(phrase: str) -> None:
    assert classify(phrase) is None
    assert sounds_like_leaving(phrase)


@pytest.mark.parametrize("phrase", ["STOP", "Gràcies!", "What time do you open?", "", "🛑"])
def it_bothers_nobody_with_a_clear_message(phrase: str) -> None:
    assert not sounds_like_leaving(phrase)


def it_keeps_whoever_uses_the_word_in_a_long_text() -> None:
    letter = (
        "My neighbour told me that she had to stop at your shop twice last week before somebody could help her with "
        "the washing machine, and that the manager was very kind in the end, so I wanted to say thank you for that"
    )

    assert classify(letter) is None


def it_gives_a_long_letter_with_such_a_sentence_to_a_person() -> None:
    letter = "Benvolguts, us escric perquè fa anys que soc client. " * 8 + "No vull rebre més missatges."

    assert classify(letter) is None
    assert sounds_like_leaving(letter)


def it_reads_many_phrases_in_three_languages() -> None:
    assert all(
        len(LEAVING[language]) >= 60 and len(STAYING[language]) >= 30 for language in ("ca", "es", "en")
    )

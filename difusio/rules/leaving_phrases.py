"""The tables of ``leaving_words``: how people say that they want no more messages, as ``plain_words`` gives it.

People answer in another language than they were written to in, so every table holds all languages.  The English
commands hold those that the rules of the United States name (47 CFR 64.1200(a)(10), in force since 2025-04-11: stop,
quit, end, revoke, opt out, cancel, unsubscribe); the others are ours.  In patterns, <nouns> and the like stand for the
lists below.
"""

import re
from types import MappingProxyType
from typing import Final


def _phrases(*tables: str) -> frozenset[str]:
    """Read phrases parted by commas and line ends."""
    return frozenset(
        phrase.strip() for table in tables for phrase in re.split(r"[,\n]", table) if phrase.strip()
    )


# What is said around the matter, at its beginning or end; the longest first, so that "no gracies" goes whole.
FILLERS: Final = tuple(
    phrase.split()
    for phrase in sorted(
        _phrases(
            """
            hola, ei, bones, bon dia, bona tarda, bona nit, benvolguts, senyors, si us plau, sisplau, siusplau
            us plau
            per favor, gracies, moltes gracies, merces, no gracies, ara, ara mateix, immediatament, ja, duna vegada
            adeu, salutacions, dacord, he dit, perdo, ho sento, vull, si
            buenas, buenos dias, buenas tardes, buenas noches, por favor, porfavor, porfa, xfa, x favor, gracias
            muchas gracias, no gracias, ahora, ahora mismo, inmediatamente, cuanto antes, ya, de una vez, adios
            saludos, un saludo, he dicho, perdon, lo siento, quiero, vale
            hi, hello, hey, dear sir, sir, madam, guys, please, pls, plz, plis, kindly, thanks, thank you, thx, ty
            no thanks, no thank you, now, right now, already, immediately, at once
            just, i said, sorry, bye, ok, okay, yes, damn it, cono, joder, hostia, collons
            oui, svp, sil vous plait, merci, bonjour, bitte, danke, hallo, per favore, per piacere, grazie, ciao
            sim, obrigado, obrigada, ola, kripya
            mesedez, eskerrik asko, kaixo, agur, va rog, multumesc, buna ziua
            будь ласка, дякую, вітаю, добрии день, пожалуиста, спасибо, من فضلك, لو سمحت, رجاء, شكرا, مرحبا
            """
        ),
        key=lambda phrase: (-len(phrase.split()), phrase),
    )
)

# The whole message, fillers apart.
COMMANDS: Final = _phrases(
    # Everywhere, with the slips of hurried fingers
    """
    stop, stp, sotp, stpo, stopp, sttop, stoop, estop, unsubscribe, optout, opt out, opt me out, unsub
    """,
    # Catalan
    """
    baixa, la baixa, baxa, de baixa, donar baixa, donar de baixa, prou, prou ja, nhi ha prou
    ja nhi ha prou, nen tinc prou, no mes, mai mes, no en vull mes, no rebre mes, no rebren mes, no rebre res
    desapuntam, desapunta m, desapunteu me, desapuntar, desapuntar me, desapuntarme
    esborram, esborra m, esborra me, esborreu me, esborrar, eliminam, elimina m, elimineu me
    treum, treu me, treieu me, traieu me, treureu me, atura, atureu, atureu ho, aturar, pareu, pareu ja, parar, para
    cancellar, cancellar subscripcio, cancellar la subscripcio, cancella la subscripcio, anullar la subscripcio
    desubscriure, desubscriurem, desubscriure m, desubscriu me, desubscriume
    """,
    # Spanish
    """
    baja, la baja, bja, de baja, dar baja, dar de baja, basta, basta ya, ya basta, no mas, nunca mas
    no recibir, no recibir mas, quitar, quitame, quitadme, quitenme, quiteme, quitarme
    borrar, borrame, borradme, borrenme, borreme, borrarme
    eliminar, eliminame, eliminadme, eliminenme, elimineme, eliminarme, sacame, saquenme, sacadme, saqueme
    parad, paren, cancelar, cancelar suscripcion, cancelar la suscripcion, cancelar mi suscripcion
    anular suscripcion, anular la suscripcion, desuscribir, desuscribirme, desuscribirse, desuscribeme
    desapuntame, desapuntadme, salir, salirme, detener, alto, fuera
    """,
    # English
    """
    end, quit, i quit, cancel, revoke, remove, remove me, delete me, leave, leave list, no more, never again, exit
    enough, enough is enough, im out, i want out, out, delete, i want to stop, go away, get lost, fuck off
    stop it, stop this, stop that, stop these, stop them, stop sending
    stop subscription, cancel subscription, cancel my subscription, end subscription
    unsubscribed, unsubcribe, unsuscribe, unsubscibe, unsubscrib, unsubscrive, unsuscribed, unsubsribe, unsbscribe
    unsubscripe, leave me alone, lose my number
    """,
    # Portuguese, French, Italian, German, Hindi
    """
    sair, remover, descadastrar, descadastre me, cancelar inscricao, me tira da lista, me remova
    arret, arretez, arreter, desabonner, me desabonner, desinscrire, desinscription, desabonnement, desinscrivez moi
    retirez moi, ca suffit, basta cosi, cancellami, cancellatemi, cancellarmi, cancella, disiscrivimi, disiscrivermi
    rimuovimi, annulla iscrizione, annullare iscrizione
    abmelden, abmeldung, abbestellen, austragen, aufhoren, ich will raus, kundigen
    रोकें, रोको, बंद करो, बंद करें, बंद कीजिए, रुको, स्टॉप, band karo, band kare, bandh karo, mat bhejo
    """,
    # Basque, Romanian, Arabic, Ukrainian, Russian
    """
    baja eman, eman baja, kendu nazazu, utzi, gelditu, nahikoa da, gehiago ez, ez bidali gehiago, baja nahi dut
    dezabonare, dezabonati ma, dezaboneaza ma, ma dezabonez, vreau sa ma dezabonez, opriti, opreste, ajunge
    nu mai trimiteti, nu mai vreau mesaje, stergeti ma
    إيقاف, ايقاف, أوقف, اوقف, توقف, توقفوا, إلغاء, الغاء, إلغاء الاشتراك, الغاء الاشتراك, ألغوا اشتراكي, كفى
    لا ترسلوا لي, لا أريد رسائل, لا اريد رسائل, قف
    стоп, відписатися, відписатись, відпишіть мене, відписка, припиніть, припинити, досить, не пишіть мені
    не надсилаите більше, зупиніть
    отписаться, отпишите меня, отписка, прекратите, хватит, не пишите мне, не присылаите больше, остановить
    """,
)

# Commands that mean something else elsewhere: they count only when the language is known to be one of these.
COMMANDS_IN: Final = MappingProxyType(
    {"pare": "pt", "fine": "it", "ende": "de", "raus": "de", "fin": "fr es", "halt": "de en"}
)

# The whole message, fillers apart: it asks for the end of service messages too.
EVERYTHING: Final = _phrases(
    """
    stopall, stop all, stop everything, stop tot, stop todo, stop a tot, stop a todo, end all, cancel all
    unsubscribe all, unsubscribe from all, unsubscribe from everything, unsubscribe me from all
    unsubscribe me from everything, opt out all, opt out of all, opt out of everything
    remove me from all, remove me from all lists, remove me from everything
    baixa de tot, baixa a tot, baixa total, baixa completa, donam de baixa de tot, doneu me de baixa de tot
    vull donar me de baixa de tot, donar me de baixa de tot
    baja de todo, baja a todo, baja total, baja completa, dame de baja de todo, dadme de baja de todo
    denme de baja de todo, darme de baja de todo
    """
)

_LISTS_OF_WORDS: Final = {
    "nouns": """
        messages?|msgs?|texts?|txts?|texting|sms|promos?|promotions?|promotional|marketing|ads?|adverts?|advertising|spam
        |whats?apps?|wa|notifications?|newsletters?|mails?|emails?|offers|subscriptions?|broadcasts?|communications?
        |updates|alerts|missatges?|promocions|publicitat|propaganda|ofertes|notificacions|butllet(?:i|ins)|avisos
        |comunicacions|enviaments|subscripcio|mensajes?|msjs?|promociones|publicidad|ofertas|notificaciones
        |boletin(?:es)?|suscripcion|comunicaciones|correos|mensagens|promocoes|publicidade|nachrichten|werbung
        |messagi|messaggi|promozioni|publicite
        """,
    "small": """
        all|any|the|these|those|this|that|your|ur|my|me|us|with|of|from|to|for|more|further|such|stupid|damn|bloody
        |commercial|de|del|dels|d|la|les|el|els|aquesta?|aquests|aquestes|tots?|totes|vostres?|meva|mes|amb|a
        |los|las|lo|est[eao]s?|todos?|todas|sus?|vuestr[oa]s?|tus?|mi|mas|con|comerciales?|comercials?|promocionals?
        |promocionales|whats?app
        """,
    "stops": """
        stop|end|quit|cancel|cease|unsubscribe(?: me)?|opt(?: me)? out|no more|no further|baixa|baja|prou|basta|no mes
        |no mas|cap mes|ni un mes|ni uno mas|atura|atureu|aturar|pareu|parad|parar|para|paren|sense|sin|deixeu|dejad
        |dejen|cancella|cancellar|cancelleu|cancela|cancelar|cancelad|anular|anullar|desactivar|plus de|keine|nao mais
        """,
    "lists": """
        (?<!waiting )lists?|llist(?:a|es)(?! despera)|listas?(?! de espera)|mailing|database
        |group|grupo?s?|difusio|difusion|contactes|contactos|contacts|base|agenda
        """,
    "ca_more": "(?:mes(?! (?:tard|aviat|endavant))|res|aixo|aquests?|aquestes|<nouns>)",
    "es_more": "(?:mas(?! (?:tarde|temprano|adelante|pronto))|nada|esto|estos|estas|<nouns>)",
    "en_not": "dont|do not|no longer|never",
    "en_get": "receive|receiving|get|getting|hear|see",
}


def _pattern(text: str) -> re.Pattern[str]:
    while found := re.search(r"<(\w+)>", text):
        words = "".join(line.strip() for line in _LISTS_OF_WORDS[found[1]].splitlines())
        text = text.replace(found[0], f"(?:{words})")
    return re.compile(rf"\b(?:{text})\b")


def _patterns(*tables: str) -> tuple[re.Pattern[str], ...]:
    """Read patterns, one a line."""
    return tuple(_pattern(line.strip()) for table in tables for line in table.splitlines() if line.strip())


# The whole message, fillers apart: a word for stopping, small words, what is sent ("stop the promos").
STOP_WHAT: Final = _pattern(
    r"<stops>(?: <small>)*(?: (?:<nouns>|<lists>))+"
    r"(?: (?:<small>|mehr|here|aqui|anymore|again))*(?: (?:pero|but) .+)?"
)

# Somewhere in a message that is not long: sentences in which a person says it of themselves.
SENTENCES: Final = _patterns(
    # Catalan; a hyphen has become a space and an apostrophe nothing: dona'm is donam, doneu-me is doneu me.
    r"""
    (?:dona ?m|dona me|doneu ?me|donar ?me|doni ?m|donin ?me|donant ?me)(?: \w+)? (?:de )?baixa
    (?:em|me|mhe|mheu|ens) (?:\w+ ){1,3}de baixa
    (?:vull|voldria|demano|necessito|desitjo) (?:que em \w+ )?(?:la |una )?(?:meva )?baixa
    (?:sollicito|tramiteu(?: ?me)?|feu ?me) (?:la |una )?(?:meva )?baixa
    no (?:en )?(?:vull|voldria|desitjo|volem|vulgui)(?: \w+){0,2} (?:rebre|rebrer|reber|tenir)\b.{0,40}? ?<ca_more>
    no vull rebren (?:mes|cap)
    no (?:en )?vull (?:\w+ )?mes <nouns>
    no vull (?:la |els |les |aquests |aquestes |els vostres |la vostra )+<nouns>
    no (?:em|me|ens) envi\w+\b.{0,30}? <ca_more>
    no menvi\w+\b.{0,30}? <ca_more>
    no (?:em|ens|me) torn\w+ a (?:escriure|enviar|contactar|molestar|dir)\w*
    no torneu a (?:escriure|enviar|contactar|molestar) ?me?
    no (?:em|ens|me) (?:molest|contact)\w+
    no (?:em |ens |m)escri[vg]\w+(?: mes| res| mai|$)
    (?:deixeu|deixa|deixi|deixin|pareu|para|parin|prou) (?:ja )?(?:de |d)(?:enviar|escriure|molestar|contactar)\w*
    (?:voldria|vull|vulgui|puc|puguis?|podria) (?:deixar|parar) de rebre
    (?:vull|voldria) sortir d.{0,20}<lists>
    no vull (?:ser|estar|seguir) (?:a|en) .{0,20}<lists>
    no vull saber (?:ne )?(?:res|mes)
    (?:treu|treieu|traieu|treure|esborr\w+|elimin\w+)(?: ?me?)?(?: \w+)? (?:de|daquesta|del) .{0,20}<lists>
    (?:esborra|esborreu|esborrar|elimina|elimineu|eliminar|treieu|traieu) (?:el )?meu (?:numero|telefon|contacte)
    deix(?:a|eu|i|in) ?me? (?:en pau|tranquil\w*)
    (?:desapunt|desubscri)\w+ ?me?(?: daqui| de la llista)?
    """,
    # Spanish
    r"""
    (?:dame|deme|denme|dadme|darme|darnos)(?: \w+)? de baja
    (?:me|nos) (?:\w+ ){1,3}de baja
    (?:quiero|queria|quisiera|deseo|solicito|pido|necesito|tramit\w+) (?:que me den )?(?:la |mi )baja
    solicito baja
    no (?:quiero|queremos|deseo|quisiera|quiera)(?: \w+){0,2} (?:recibir|recibirlos|tener)\b.{0,40}? ?<es_more>
    no (?:quiero|deseo) (?:\w+ )?mas <nouns>
    no quiero (?:su |sus |la |las |los |estos |estas |vuestr[oa]s? )+<nouns>
    no quiero que (?:me )?(?:envi|mand|escrib|molest|contact)\w+
    no me (?:envi|mand)\w+\b.{0,30}? <es_more>
    no me (?:(?:vuelv|volv)\w+ a \w+|molest\w+|contact\w+)
    no me escrib\w+(?: mas| nada| nunca|$)
    no (?:vuelv|volv)\w+ a (?:escribir|enviar|mandar|contactar|molestar)me
    (?:deja|dejad|deje|dejen|dejar|para|parad|pare|paren) (?:ya )?de (?:enviar|mandar|escribir|molestar|contactar)\w*
    (?:quiero|quisiera|deseo|me gustaria|puedo|como) (?:dejo|dejar) de recibir
    (?:quiero|quisiera) (?:salir|salirme) de .{0,20}<lists>
    no quiero (?:estar|seguir) en .{0,20}<lists>
    no quiero saber nada
    (?:para|parad|paren|basta|prou|stop)(?: \w+){0,2} (?:con|amb|with)(?: \w+){0,2} <nouns>
    (?:quit|borr|elimin|sac|saqu)\w{1,3}me (?:de|del) .{0,20}<lists>
    (?:borr|elimin|quit)\w{1,3} mi (?:numero|telefono|contacto)
    dej(?:a|ad|e|en|ar)me (?:en paz|tranquil[oa])
    desuscri\w+
    desapunt(?:ame|adme|arme|enme)
    """,
    # English
    r"""
    unsubscribe me|unsub me
    (?:want|like|wish|need|how|way|trying|able|going|cant|cannot|let me)(?: \w+){0,3} (?:unsubscribe|opt out)
    unsubscribe (?:from|to|my|this)(?: \w+){1,4}
    opt(?:ing)? (?:me )?out of(?: \w+){1,4}
    (?:remove|delete|take) (?:me|us) (?:from|off|out of) .{0,24}<lists>
    take me off(?! (?:the |your )?(?:waiting|guest))
    how (?:can|do|to)(?: i)? stop (?:receiving|getting|these|this|your)
    (?:remove|delete|erase) (?:my|this) (?:number|phone|details|contact)
    (?:stop|quit|cease) (?:\w+ )?(?:sending|texting|messaging|msging|writing|contacting|bothering|spamming|emailing)
    (?:stop|quit) harassing
    <en_not> (?:ever )?(?:text|message|msg|write|contact|bother|spam|email)(?: to)? (?:me|us)
    <en_not> (?:ever )?send (?:me |us )?(?:<small> )*<nouns>
    <en_not> (?:ever )?send (?:me |us )?(?:anything|any ?more|more)(?: else)?$
    <en_not> (?:want|wanna|wish|care|like)(?: to)? <en_get>\b.{0,40}? ?(?:<nouns>|any ?more|from you)
    <en_not> (?:want|need|like) (?:<small> )*<nouns>
    <en_not> want to be (?:contacted|messaged|texted|bothered)
    (?:want|like|wish) to (?:stop|quit) (?:receiving|getting|these|this|the messages|your messages)
    (?:want|like|wish) to leave (?:this|the|your) <lists>
    leave me alone|lose my number
    """,
    # Portuguese, French, Italian, German
    r"""
    nao quero (?:mais )?receber|nao quero mais
    (?:pare|parem|parar) de (?:me )?(?:enviar|mandar)|me (?:tira|tirem|remov\w+) d[ae]
    (?:veux|souhaite) plus (?:recevoir|de (?:message|sms|pub)\w*)
    (?:arretez|arrete|cessez) de m(?:e )?(?:envoyer|ecrire|contacter)
    (?:me|moi) (?:desabonner|desinscrire)|(?:desabonnez|desinscrivez|retirez|supprimez) moi
    non (?:voglio|desidero) (?:piu )?ricevere|non (?:scriv|mand|invi)\w+mi piu
    (?:smett\w+|basta) (?:di )?(?:scriver|mandar|inviar)\w+|(?:cancell|rimuov|disiscriv)\w*mi da
    keine (?:weiteren )?(?:nachrichten|werbung)(?: mehr)?
    (?:mich|uns) (?:\w+ ){0,2}(?:abmelden|austragen|loschen)|nicht mehr (?:anschreiben|schreiben|kontaktieren)
    """,
)

# The opposite, or said of something else: then the sentences above do not count.
KEEPING: Final = _patterns(
    r"""
    (?:dont|do not|never|cant|cannot|can not|couldnt|didnt|wont|not|wouldnt) (?:ever )?stop
    (?:dont|do not|didnt|never|not|wont) (?:want |wish |going |mean |intend )?(?:to )?(?:unsubscribe|opt out|leave)
    (?:dont|do not|didnt|never|not) (?:want|wish|mean|intend) to be removed
    (?:dont|do not) (?:remove|delete|cancel)
    (?:did|do|does|when|have|has|had) (?:you|they|it|he|she|we)(?: \w+)? (?:stop|quit)(?:ped)?
    no (?:em |me |ens |ho |hi |vull |volem |voldria |penso |pas )*(?:don(?:ar|eu|is|in|o)|(?:par|atur)(?:eu|is|in))
    no (?:em |vull )*(?:esborr|elimin|desapunt)\w+
    no (?:deixeu|deixis|deixin|vull deixar) (?:de |d)\w+
    no (?:me |nos |quiero |queremos |pienso |voy a )*(?:dar|darme|deis|des|den|doy|pareis|pares)
    no (?:me |quiero )*(?:borr|elimin|quit|desuscri|desapunt)\w+
    no (?:dejeis|dejes|dejen|quiero dejar) de \w+
    (?:estoy|estic|esta|estan|estem|estamos|estaba|estava|sigo|segueixo|agafat|cogido) de (?:baja|baixa)
    (?:baja|baixa) (?:medica|laboral|maternal|maternitat|paternal|maternidad|por enfermedad|per malaltia|temporada)
    (?:han|mhan|van|has|ha) (?:dado|donat) de (?:baja|baixa)|(?:he|has|ha|han) (?:estado|estat) de (?:baja|baixa)
    me dieron de baja|em van donar de baixa
    (?:baja|baixa) (?:del?|al?) (?:la )?(?:gimnas|gimnasio|gym|seguro|asseguranca|autonomos?|contracte|contrato)
    """
)

# A person should look: it may be a wish to leave, a complaint, or a question about one's data.
DOUBTFUL: Final = _pattern(
    r"stop|baixa|baja|unsub\w*|opt ?out|spam|not interested|no (?:em|me) interess?a\w*|no minteressa"
    r"|bloquejo|bloquejar\w*|bloqueo|bloquear\w*|block(?:ing|ed)? you|report(?:ing)? you|denunci\w+|gdpr|rgpd|lopd"
    r"|acoso|assetjament|harass\w*|(?:les )?meves dades|mis datos|my (?:personal )?data|my number"
    r"|el meu (?:numero|telefon)|mi (?:numero|telefono)"
    r"|prou|basta|en pau|en paz|desapunt\w+|desuscri\w+|cansad[oa]|cansat|farta?|harto?a?|fed up|sick of"
    r"|fuck\w*|mierda|merda"
)

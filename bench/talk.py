"""What invented customers and teams say, in eight languages. Nobody ever wrote these sentences.

`{}` takes a number: an order, a booking, a bill. Public posts take one sentence or two.
"""

from __future__ import annotations

# How often each language is spoken, of a hundred.
LANGUAGES = {"en": 56, "de": 12, "es": 10, "fr": 8, "pt": 5, "ja": 4, "ar": 3, "tr": 2}

ASKED = {
    "en": (
        "My parcel {} was to be here on Tuesday and the map still shows it in the depot.",
        "I was charged twice for order {}, can somebody look at that?",
        "The app logs me out each time I open it & I have installed it again already.",
        "Is there any way to change the name on booking {}?",
        "Third time I ask. Nobody has called back about {}.",
        "The lamp that came is not the one in the picture. It is green, I ordered blue.",
        "How do I cancel before the trial ends? The page only lets me upgrade.",
        "Our train stood still for an hour < and nobody said a word >. Do I get my money back?",
        "Your shop in the station closed early today, the door said eight.",
        "I can't find the invoice for {} anywhere in my account.",
        "Does the blue one come in a smaller size again?",
        "Internet is down in our whole street since this morning.",
        "The voucher says invalid although it is good until December.",
        "Somebody else's name is on my receipt {}, that worries me a little.",
        "The driver left the box in the rain, the cardboard is soup now.",
        "Please delete my old address, everything still goes there.",
        "Could you tell me what the battery of the small model weighs?",
        "I waited forty minutes on the phone and then the line went dead.",
        "Thank you, that was quick!",
        "That did not help, sorry. The same message comes up again.",
    ),
    "de": (
        "Meine Bestellung {} hängt seit Tagen im Verteilzentrum fest.",
        "Die Rechnung {} stimmt nicht, der Gutschein fehlt.",
        "Seit heute früh geht bei uns in der ganzen Straße nichts mehr.",
        "Kann ich den Termin noch auf nächste Woche verlegen?",
        "Ich komme nicht mehr in mein Konto, der Code wird nie verschickt.",
        "Danke für die schnelle Antwort, das hat geklappt!",
        "Der Zug fiel aus und am Bahnsteig wusste niemand Bescheid.",
        "Größe M ist viel zu weit, wie läuft der Umtausch?",
    ),
    "es": (
        "Mi pedido {} lleva cuatro días sin moverse.",
        "Me cobraron dos veces la misma compra, ¿lo pueden revisar?",
        "¿A qué hora abre mañana la tienda del centro?",
        "No me llega el código para entrar en la aplicación.",
        "¡Gracias, ya funciona otra vez!",
        "La pantalla llegó rota y la caja estaba intacta.",
        "Necesito la factura {} con otro nombre, por favor.",
    ),
    "fr": (
        "Ma commande {} n'est toujours pas arrivée, où est-elle ?",
        "L'application se ferme dès que j'ouvre mes billets.",
        "Comment échanger un article acheté en ligne ?",
        "On m'a débité deux fois, c'est très gênant.",
        "Merci beaucoup, c'est réglé !",
        "Le train est annoncé avec une heure de retard, que faire de la correspondance ?",
    ),
    "pt": (
        "O meu pedido {} ainda não saiu do armazém.",
        "A aplicação não aceita a minha palavra-passe nova.",
        "Obrigada, já está resolvido!",
        "Posso trocar a cor antes do envio?",
    ),
    "ja": (
        "注文番号{}がまだ届いていません。",
        "アプリにログインできなくなりました。",
        "返品の方法を教えてください。",
        "ありがとうございます、助かりました！",
    ),
    "ar": (
        "طلبي رقم {} لم يصل بعد.",
        "كيف يمكنني تغيير العنوان؟",
        "شكرا جزيلا على المساعدة!",
    ),
    "tr": (
        "{} numaralı siparişim hâlâ gelmedi.",
        "Uygulama açılır açılmaz kapanıyor.",
        "Teşekkürler, şimdi oldu!",
    ),
}

ANSWERED = {
    "en": (
        "Thanks for telling us, and sorry for the wait.",
        "I have looked at {}: it leaves the depot tonight & should be with you tomorrow.",
        "Could you write us the order number in a private message?",
        "The second charge of {} is on its way back, that takes three to five days.",
        "We know of the outage and people are at work on it.",
        "Please try once more with the newest version and tell us what it says.",
        "I have changed that for you, the confirmation is in your mailbox.",
        "That should not have happened. I have passed it on to the shop.",
        "You find it under Account, then Bills; number {} is the third from above.",
        "Glad to hear that! Write again whenever something is wrong.",
    ),
    "de": (
        "Das tut uns leid, ich sehe mir {} gleich an.",
        "Schreib uns bitte kurz privat deine Bestellnummer.",
        "Die Störung ist bekannt, die Kolleginnen sind dran.",
        "Ich habe den Termin verlegt, die Bestätigung ist unterwegs.",
        "Gerne, melde dich jederzeit wieder!",
    ),
    "es": (
        "Sentimos la espera, ahora mismo miramos el pedido {}.",
        "¿Nos escribes el número en un mensaje privado?",
        "El reembolso está en camino, tarda unos días.",
        "¡Nos alegra mucho!",
    ),
    "fr": (
        "Désolés pour ce retard, nous regardons la commande {}.",
        "Pouvez-vous nous écrire en message privé ?",
        "C'est corrigé, merci de votre patience.",
    ),
    "pt": ("Lamentamos a demora, vamos já ver o pedido {}.", "Está corrigido, obrigado!"),
    "ja": ("ご連絡ありがとうございます。{}を確認いたします。", "修正いたしました。"),
    "ar": ("نعتذر عن التأخير، سنتحقق من الطلب {} الآن.", "تم حل المشكلة."),
    "tr": ("Özür dileriz, {} numaralı siparişe hemen bakıyoruz.", "Düzeltildi, iyi günler!"),
}

NOTED = (
    "Called the depot, they look for it.",
    "Second time this month, please be generous.",
    "Waiting for the colleagues of billing.",
    "Speaks German too.",
    "Voucher of ten offered, not yet taken.",
)

EMOJI = ("🙂", "😡", "🙏", "🎉", "📦", "🚆", "👩🏽‍💻", "❤️", "😅", "🇵🇹")
HASHTAGS = ("help", "service", "delay", "störung", "ayuda", "fail", "thankyou")
BRANDS = (
    "Kestrel Air", "Tramline", "Lumen Home", "Moss & Fern", "Northbank", "Pocketgram",
    "Quill Books", "Riverbed", "Saltbox", "Tallow", "Umbra Phones", "Velvet Bus", "Wickerly",
    "Yonder Rail", "Zephyr Net", "Acorn Loans", "Brindle Pets", "Cobalt Games", "Dapple Dairy",
    "Ember Stoves",
)  # fmt: skip
FIRST_NAMES = (
    "Mira", "Jonas", "Aylin", "Tomás", "Chloé", "Yuki", "Omar", "Greta", "Ines", "Pavel", "Noor",
    "Sven", "Lucía", "Idris", "Hana", "Bea", "Mateo", "Elif", "Zoran", "Priya", "Kofi", "Wanda",
)  # fmt: skip
LAST_NAMES = (
    "Albrecht", "Boateng", "Costa", "Demir", "Eklund", "Ferreira", "Girard", "Haddad", "Ito",
    "Jansen", "Kowalska", "Lindqvist", "Moreau", "Nakamura", "Okafor", "Petrov", "Quiroga", "Rossi",
)  # fmt: skip

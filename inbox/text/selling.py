"""What in a text sells something: a brand's own phrases, codes of coupons, and plain offers."""

from __future__ import annotations

import re
from collections.abc import Collection

from inbox.text.repeated import comparable

# A word of capitals and digits is a coupon where one is spoken of; elsewhere it may be an order.
CODE = re.compile(r"(?<!\w)(?=[A-Z0-9]{0,19}[A-Z])(?=[A-Z0-9]{0,19}\d)[A-Z0-9]{4,20}(?!\w)")
SPOKEN_OF = re.compile(
    r"coupon|voucher|promo|discount|gutschein|rabatt|code promo|réduction|cupón|descuento|sconto"
    r"|buono|cupom|desconto|korting|\d{1,2} ?%",
    re.IGNORECASE,
)
# Whoever is only told of their own discount or order reads none of these.
OFFER = re.compile(
    r"(?<!\w)(?:(?:get|save|take|enjoy|up to|spare|bis zu|jusqu’à|hasta un|fino al|até|tot)"
    r" \d{1,2} ?%"
    r"|(?:(?:buy|order|shop) now|limited time|special offer|black (?:friday|week)|cyber monday"
    r"|jetzt (?:kaufen|bestellen)|sonderangebot|offre spéciale|achetez maintenant|oferta especial"
    r"|compra ahora|offerta speciale|acquista ora|compre agora|speciale aanbieding|koop nu)(?!\w))",
    re.IGNORECASE,
)


def find_selling(text: str, phrases: Collection[str]) -> str:
    """The first phrase, code or offer that `text` sells with; "" if it does not. Phrases are found
    in any case, as whole words."""
    folded = f" {spaced(text)} "
    for phrase in phrases:
        if (wanted := spaced(phrase)) and f" {wanted} " in folded:
            return phrase
    code, offer = CODE.search(text), OFFER.search(text.replace("'", "’"))
    if code and SPOKEN_OF.search(text):
        return code[0]
    return offer[0] if offer else ""


def spaced(text: str) -> str:
    return " ".join(re.findall(r"\w+", comparable(text)))

"""What in a text sells something: a brand's own phrases, and codes of coupons."""

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


def find_selling(text: str, phrases: Collection[str]) -> str:
    """The first phrase or code that `text` sells with; "" if it does not. Phrases are found in any
    case, as whole words."""
    folded = f" {spaced(text)} "
    for phrase in phrases:
        if (wanted := spaced(phrase)) and f" {wanted} " in folded:
            return phrase
    code = CODE.search(text)
    return code[0] if code and SPOKEN_OF.search(text) else ""


def spaced(text: str) -> str:
    return " ".join(re.findall(r"\w+", comparable(text)))

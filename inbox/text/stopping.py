"""Whether somebody asks not to be written to: the whole of a message says so, in few words."""

from __future__ import annotations

import re

from inbox.text.repeated import comparable

LONGEST = 80
BETWEEN = re.compile(r"[^\w']+")
POLITE = {"please", "pls", "bitte", "svp", "alsjeblieft", "lütfen"}
# In languages that most customers write.
ASKED = """
stop / stop it / stop this / stop now / stop messaging me / stop writing me / stop writing to me
stop texting me / stop sending me messages / stop contacting me / unsubscribe / unsubscribe me
opt out / optout / opt me out / don't message me / do not message me / don't write to me
do not write to me / do not contact me / don't contact me / no more messages / leave me alone
stopp / abmelden / abbestellen / keine nachrichten mehr / nicht mehr schreiben / hört auf
schreibt mir nicht mehr / schreiben sie mir nicht mehr
arrêt / arret / arrêtez / arretez / désabonner / me désabonner / ne m'écrivez plus
baja / darme de baja / parar / paren / basta / alto / no me escriban / no me escriban más
no más mensajes / por favor paren / cancellami / non scrivetemi più / disiscrivimi
pare / parem / sair / não me escrevam mais / descadastrar
afmelden / uitschrijven / geen berichten meer / hou op / sluta / avregistrera / lopeta / dur
стоп / отписаться / не пишите мне / توقف / إلغاء الاشتراك / 停止 / 配信停止 / 退订 / 그만 / 수신거부
"""


def words_of(text: str) -> tuple[str, ...]:
    words = BETWEEN.split(comparable(text))
    return tuple(word for word in words if word and word not in POLITE)


ASKS = frozenset(words_of(asked) for line in ASKED.split("\n") for asked in line.split(" / "))


def asks_to_stop(text: str) -> bool:
    """`text` as people read it. A sentence with such a word in it may ask for anything else."""
    return len(text) <= LONGEST and bool(words := words_of(text)) and words in ASKS

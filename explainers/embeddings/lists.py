"""Word lists for tests of association: those of the published ones that the shipped corpora know, and Chinese ones.

English: Caliskan, Bryson & Narayanan 2017 (arXiv:1608.07187), their tests 1 (flowers and insects, pleasant and
unpleasant) and 6 (careers and family), the latter with the words for men and women of their test 7 in place of first
names. The Chinese lists are ours: translations of the commonest of these words.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from explainers.embeddings import spaces
from explainers.embeddings.analogies import Weat, weat
from explainers.errors import ExplainerError


@dataclass(frozen=True)
class Sets:
    """Four lists: the targets x and y, the attributes a and b."""

    x: tuple[str, ...]
    y: tuple[str, ...]
    a: tuple[str, ...]
    b: tuple[str, ...]


def _sets(x: str, y: str, a: str, b: str) -> Sets:
    return Sets(tuple(x.split()), tuple(y.split()), tuple(a.split()), tuple(b.split()))


READY: dict[tuple[str, str], Sets] = {
    ("flowers", "en"): _sets(
        "aster clover hyacinth marigold poppy azalea crocus iris orchid rose bluebell daffodil lilac pansy tulip "
        "buttercup daisy lily peony violet carnation gladiola magnolia petunia zinnia",
        "ant caterpillar flea locust spider bedbug centipede fly maggot tarantula bee cockroach gnat mosquito termite "
        "beetle cricket hornet moth wasp blackfly dragonfly horsefly roach weevil",
        "caress freedom health love peace cheer friend heaven loyal pleasure diamond gentle honest lucky rainbow "
        "diploma gift honor miracle sunrise family happy laughter paradise vacation",
        "abuse crash filth murder sickness accident death grief poison stink assault disaster hatred pollute tragedy "
        "divorce jail poverty ugly cancer kill rotten vomit agony prison",
    ),
    ("careers", "en"): _sets(
        "executive management professional corporation salary office business career",
        "home parents children family cousins marriage wedding relatives",
        "male man boy brother he him his son",
        "female woman girl sister she her hers daughter",
    ),
    ("flowers", "zh"): _sets(
        "花 玫瑰 牡丹 菊花 荷花 梅花 鮮花 花朵",
        "蚊子 蒼蠅 蟑螂 螞蟻 蜘蛛 跳蚤 毛毛蟲 昆蟲",
        "愛 和平 快樂 自由 健康 朋友 幸福 美麗",
        "死亡 戰爭 仇恨 災難 貧困 疾病 暴力 痛苦",
    ),
    ("careers", "zh"): _sets(
        "公司 企業 經理 工資 辦公室 事業 管理 職業",
        "家庭 父母 孩子 婚姻 結婚 親人 家 親戚",
        "男 男人 父親 兒子 他 先生 丈夫 哥哥",
        "女 女人 母親 女兒 她 小姐 妻子 姐姐",
    ),
}


def ready(name: str, language: str) -> Sets:
    """The lists of a ready test in a language. Raises ExplainerError("weat_no_lists") for one that there is not."""
    try:
        return READY[name, language]
    except KeyError as error:
        raise ExplainerError("weat_no_lists", {"name": name}) from error


@functools.lru_cache(maxsize=32)
def shipped_weat(model: str, language: str, sets: Sets) -> Weat:
    """`weat` in a shipped space: 100,000 partitions take a while, and a page is drawn anew with every move."""
    return weat(spaces.shipped(model, language), sets.x, sets.y, sets.a, sets.b)

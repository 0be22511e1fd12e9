"""What shows of a link between double brackets: to a page, a file, a category, another wiki."""

import re
from collections.abc import Iterator, Mapping

from knowledge_map.articles.formats.mediawiki.dump import CATEGORY

LANGUAGE_CODES = """
aa ab ace ady af ak als alt am ami an ang ann anp ar arc ary arz as ast atj av avk awa ay az azb ba ban bar bat-smg bbc bcl
bdr be be-tarask be-x-old bew bg bh bi bjn blk bm bn bo bpy br bs btm bug bxr ca cbk-zam cdo ce ceb ch cho chr chy ckb co cr
crh cs csb cu cv cy cz da dag de dga din diq dk dsb dtp dty dv dz ee el eml en eo epo es et eu ext fa fat ff fi fiu-vro fj fo
fon fr frp frr fur fy ga gag gan gcr gd gl glk gn gom gor got gpe gsw gu guc gur guw gv ha hak haw he hi hif ho hr hsb ht hu
hy hyw hz ia iba id ie ig igl ii ik ilo inh io is it iu ja jam jbo jp jv ka kaa kab kaj kbd kbp kcg kg kge ki kj kk kl km kn
knc ko koi kr krc ks ksh ku kus kv kw ky la lad lb lbe lez lfn lg li lij lld lmo ln lo lrc lt ltg lv lzh mad mai map-bms mdf
mg mh mhr mi min minnan mk ml mn mni mnw mo mos mr mrj ms mt mul mus mwl my myv mzn na nah nan nap nb nds nds-nl ne new ng nia
nl nn no nov nqo nr nrm nso nup nv ny oc olo om or os pa pag pam pap pcd pcm pdc pfl pi pih pl pms pnb pnt ps pt pwn qu rki rm
rmy rn ro roa-rup roa-tara rsk ru rue rup rw sa sah sat sc scn sco sd se sg sgs sh shi shn si simple sk skr sl sm smn sn so sq
sr srn ss st stq su sv sw syl szl szy ta tay tcy tdd te tet tg th ti tig tk tl tly tn to tpi tr trv ts tt tum tw ty tyv udm ug
uk ur uz ve vec vep vi vls vo vro wa war wo wuu xal xh xmf yi yo yue za zea zgh zh zh-cfr zh-classical zh-cn zh-min-nan zh-tw
zh-yue zu
"""
"""The prefixes of links to the same article in other languages: those of all Wikipedias, old ones among them."""

LANGUAGES = frozenset(LANGUAGE_CODES.split())

MEDIA = re.compile(
    r"\.(?:jpe?g|jpe|png|apng|svg|gif|tiff?|webp|bmp|xcf|pdf|djvu?|og[agmvx]|opus|flac|wav|mp[34]|mpe?g|midi?|webm|stl)\s{0,9}",
    re.IGNORECASE,
)
"""The end of the name of a file. With a prefix before it, whatever its language, it is a picture or a sound and no word."""

SHOWN_PREFIXES = frozenset(
    # Links to files that show their label: the namespace Media by its names, and other wikis.
    [
        *(
            "media",
            "medium",
            "médium",
            "média",
            "medios",
            "medio",
            "медиа",
            "медіа",
            "メディア",
            "媒体",
            "媒體",
            "미디어",
            "multimedia",
        ),
        *("c", "commons", "w", "wikipedia", "wp", "wikt", "wiktionary", "s", "wikisource", "b", "n", "q", "v", "d", "m", "meta"),
    ]
)


LINK = re.compile(r"\[\[\s*([^\[\]|{}:\n]{1,60}):([^\[\]|{}\n]{1,300})(?:\|[^\[\]\n]{0,300})?\]\]")

COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def categories_of(wikitext: str, namespaces: Mapping[str, str]) -> list[str]:
    """Return the categories that a page names, in its order, as MediaWiki writes their titles.

    Parameters
    ----------
    namespaces : the numbers of namespaces by their names in lower case.
    """
    names = (title for prefix, title in _prefixed_links(wikitext) if namespaces.get(prefix) == CATEGORY)
    return list(dict.fromkeys(name[:1].upper() + name[1:] for name in names if name))


def languages_of(wikitext: str) -> set[str]:
    """Return the languages in which a page names itself by a link."""
    return {prefix for prefix, title in _prefixed_links(wikitext) if prefix in LANGUAGES and title}


def _prefixed_links(wikitext: str) -> Iterator[tuple[str, str]]:
    for prefix, title in LINK.findall(COMMENT.sub("", wikitext)):
        yield " ".join(prefix.replace("_", " ").lower().split()), " ".join(title.replace("_", " ").split())


def shown_of_link(content: str, hidden: frozenset[str]) -> str:
    """Return what shows of a link: nothing of a file or category, nor of a link to the article in another language."""
    target, _, label = content.partition("|")
    prefix, colon, _ = target.partition(":")
    if colon and prefix and _is_hidden(prefix.strip().lower().replace("_", " "), target, hidden):
        return ""
    if "\n" in target:  # no link, but brackets that met by chance
        return content
    return label if label.strip() else target.strip().removeprefix(":")


def _is_hidden(prefix: str, target: str, hidden: frozenset[str]) -> bool:
    if prefix in hidden or prefix in LANGUAGES:
        return True
    at = target.rfind(".")
    return bool(prefix) and at >= 0 and prefix not in SHOWN_PREFIXES and MEDIA.fullmatch(target, at) is not None

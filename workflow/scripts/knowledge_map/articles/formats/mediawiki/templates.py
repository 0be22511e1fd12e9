"""What templates within a sentence show, and parser functions: of the larger Wikipedias those for text, numbers, units and dates.

A template that is not here shows nothing. Names are in lower case; the arguments of a template are by name, those without one by
their number from 1.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple


class Place(NamedTuple):
    """Where wikitext stands: the title of its page, and the code of its language, such as "de"."""

    title: str = ""
    language: str = ""


Arguments = Mapping[str, str]

Show = Callable[[Arguments, Place], str]

POWERS = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")

NUMBER = re.compile(r"[+−±-]?\d[\d.,\s]{0,40}")

EXPONENT = re.compile(r"[+−-]?\d{1,3}")

ROMAN = re.compile(r"[IVXLCDM]{1,9}", re.IGNORECASE)

RANGES = {
    **{word: f" {word} " for word in ("to", "and", "or", "by", "to about", "and about", "or about")},
    **{"to(-)": " to ", "and(-)": " and ", "by(x)": " by ", "-": "–", "–": "–", "x": " × ", "*": " × ", "×": " × ", "xx": " × "},
    **{"+/-": " ± ", "±": " ± ", "+": " + ", "&": " and ", ",": ", ", ", and": ", and ", ", or": ", or ", ";": "; ", "/": "/"},
}  # what stands between two numbers of one unit

UNITS = {
    **{
        "c": "°C",
        "f": "°F",
        "c-change": "°C",
        "f-change": "°F",
        "sqmi": "sq mi",
        "sqft": "sq ft",
        "sqyd": "sq yd",
        "cuft": "cu ft",
        "cumi": "cu mi",
    },
    **{f"{unit}{power}": unit + "²³"[power - 2] for unit in ("km", "m", "cm", "mm") for power in (2, 3)},
}  # units by their codes in `convert` where these are not what one reads

THOUSANDS = {"3": "thousand ", "6": "million ", "9": "billion ", "12": "trillion "}

MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
}

ERAS = (("令和", 2019), ("平成", 1989), ("昭和", 1926), ("大正", 1912), ("明治", 1868))


def numbered(arguments: Arguments) -> list[str]:
    """Return the arguments without a name, up to the first number that is missing."""
    values = []
    while (value := arguments.get(str(len(values) + 1))) is not None:
        values.append(value)
    return values


# How templates show their arguments.


def _given(*names: str, between: str = " ") -> Show:
    return lambda arguments, place: between.join(arguments[name] for name in names if arguments.get(name))


def _first(*names: str) -> Show:
    return lambda arguments, place: next((arguments[name] for name in names if arguments.get(name)), "")


def _last(arguments: Arguments, place: Place) -> str:
    return next(filter(None, reversed(numbered(arguments))), "")


def _all(between: str) -> Show:
    return lambda arguments, place: between.join(filter(None, numbered(arguments)))


def _text(text: str) -> Show:
    return lambda arguments, place: text


def _around(before: str, after: str = "", otherwise: str = "") -> Show:
    return lambda arguments, place: before + arguments["1"] + after if arguments.get("1") else otherwise


def _ship(arguments: Arguments, place: Place) -> str:
    prefix, name, number = (arguments.get(at, "") for at in "123")
    return " ".join(filter(None, [prefix, name, f"({number})" if number else ""]))


def _ship_of(prefix: str) -> Show:
    def show(arguments: Arguments, place: Place) -> str:
        values = numbered(arguments)
        return _ship(dict(zip("123", [prefix, *values], strict=False)), place) if values else ""

    return show


# Numbers and units.


def power(exponent: str) -> str:
    """Return a number in superscript."""
    return exponent.translate(POWERS)


def _scaled(number: str, arguments: Arguments) -> str:
    exponent = arguments.get("e", "")
    if not exponent:
        return number
    return (f"({number})" if "±" in number or number.startswith("+") else number) + f"×10{power(exponent)}"


def _fraction(arguments: Arguments, place: Place) -> str:
    values = [value for value in numbered(arguments) if value]
    if len(values) == 3:
        return f"{values[0]} {values[1]}/{values[2]}"
    return "/".join(["1", *values] if len(values) == 1 else values)


def _unit(code: str) -> str:
    scaled = re.fullmatch(r"e(3|6|9|12)(\S{1,20})", code)
    if scaled:
        return THOUSANDS[scaled[1]] + _unit(scaled[2])
    return UNITS.get(code.lower(), code)


def _convert(arguments: Arguments, place: Place) -> str:
    values = numbered(arguments)
    if not values:
        return ""
    text, at = values[0], 1
    while at + 1 < len(values) and values[at] in RANGES:
        text += RANGES[values[at]] + values[at + 1]
        at += 2
    if at < len(values):
        text += f" {_unit(values[at])}"
        at += 1
    while at + 1 < len(values) and NUMBER.fullmatch(values[at]) and values[at + 1] and not NUMBER.fullmatch(values[at + 1]):
        text += f" {values[at]} {_unit(values[at + 1])}"  # 5 ft 10 in
        at += 2
    return text.strip()


def _value(arguments: Arguments, place: Place) -> str:
    """Return a number with its uncertainty, power of ten and unit: `val`, and the Italian `M`."""
    number, second, third = (arguments.get(name, "") for name in "123")
    if second in RANGES and third:
        number, third = number + RANGES[second] + third, ""
    elif NUMBER.fullmatch(second) and NUMBER.fullmatch(third):
        number, third = f"{number}+{second.lstrip('+')}−{third.lstrip('-−')}", ""
        number = f"({number})" if arguments.get("e") else number
    elif NUMBER.fullmatch(second):
        number = f"{number}±{second.lstrip('±')}"
    elif second and not third:
        third = second
    number = arguments.get("p", "") + _scaled(number, arguments) + arguments.get("s", "")
    unit = arguments.get("u") or arguments.get("ul") or third
    divisor = arguments.get("up") or arguments.get("upl")
    unit = f"{unit}/{divisor}" if divisor else unit
    return number + unit if unit in ("%", "°", "′", "″") else f"{number} {unit}".strip()


def _with_unit(arguments: Arguments, place: Place) -> str:
    """Return a number with units and their exponents: the French `unité` and the Spanish `unidad`."""
    values = numbered(arguments)
    number = values[0] if values else ""
    for word in ("à", "et", "ou", "x", "a", "y", "o"):
        if arguments.get(word):
            number += f" {word} {arguments[word]}"
    units = ""
    for value in filter(None, values[1:]):
        if EXPONENT.fullmatch(value):
            units += power(value) if units else ""
        else:
            units += f"⋅{value}" if units and not units.endswith("/") and value != "/" else value
    number = _scaled(number, arguments)
    return number + units if units[:1] == "%" and place.language == "en" else f"{number} {units}".strip()


def _gaps(arguments: Arguments, place: Place) -> str:
    number = arguments.get("lhs", "") + "".join(numbered(arguments)) + arguments.get("rhs", "")
    return f"{_scaled(number, arguments)} {arguments.get('u', '')}".strip()


def _measures(**units: str) -> Show:
    """Return how a template is shown that has an argument for each unit, such as 6 ft 2 in."""
    return lambda arguments, place: " ".join(f"{arguments[name]} {units[name]}" for name in units if arguments.get(name))


def _ten_to(arguments: Arguments, place: Place) -> str:
    first, second = arguments.get("1", ""), arguments.get("2", "")
    if EXPONENT.fullmatch(second):
        return f"{first}×10{power(second)}"
    return f"×10{power(first)}" if EXPONENT.fullmatch(first) else first or "e"


def _superscript(arguments: Arguments, place: Place) -> str:
    first = arguments.get("1", "")
    return power(first) if EXPONENT.fullmatch(first) else first


def _plus_minus(arguments: Arguments, place: Place) -> str:
    first, second = arguments.get("1", ""), arguments.get("2", "")
    return f"+{first.lstrip('+')}−{second.lstrip('-−')}" if second else f"±{first}"


def _ordinal(arguments: Arguments, place: Place) -> str:
    number = arguments.get("1", "")
    if not number.isdecimal():
        return number
    ending = "th" if number[-2:-1] == "1" else {"1": "st", "2": "nd", "3": "rd"}.get(number[-1], "th")
    return number + ending


def _percentage(arguments: Arguments, place: Place) -> str:
    try:
        digits = int(arguments.get("3") or 0)
        return (
            f"{100 * float(arguments['1'].replace(',', '')) / float(arguments['2'].replace(',', '')):.{min(9, max(0, digits))}f}%"
        )
    except (KeyError, ValueError, OverflowError, ZeroDivisionError):
        return arguments.get("1", "")


def _money(symbol: str) -> Show:
    def show(arguments: Arguments, place: Place) -> str:
        amount = arguments.get("1", "")
        if not amount:  # codes of three letters are also those of countries, as templates that show a flag
            return symbol if symbol in ("€", "£") else ""
        return symbol + amount if amount[0].isdecimal() else f"{symbol} {amount}"

    return show


def _currency(arguments: Arguments, place: Place) -> str:
    code = (arguments.get("2") or "USD").lower()
    return _money(CURRENCIES.get(code, code.upper() + " "))(arguments, place)


def _duration(arguments: Arguments, place: Place) -> str:
    hours, minutes, seconds = (arguments.get(name) or arguments.get(at, "") for name, at in (("h", "1"), ("m", "2"), ("s", "3")))
    return ":".join(filter(None, [hours, minutes.zfill(2) if hours else minutes or "0", seconds.zfill(2) if seconds else "00"]))


def _million_years(unit: str) -> Show:
    def show(arguments: Arguments, place: Place) -> str:
        values = list(filter(None, numbered(arguments)[:2]))
        return f"{'–'.join(values)} {unit}" if values else ""

    return show


def _angle(*signs: str) -> Show:
    return lambda arguments, place: " ".join(
        value + sign for value, sign in zip(numbered(arguments), signs, strict=False) if value
    )


# Dates and times.


def _date(day: str, month: str, year: str, language: str, day_first: bool = True) -> str:
    """Return a date in the words of a language; in numbers if it is another, as given if the month is no number."""
    if not month.isdecimal() or not 1 <= int(month) <= 12 or not (day.isdecimal() or not day):
        return (" de " if language in ("es", "pt") and month else " ").join(filter(None, [day, month, year]))
    day = str(int(day)) if day else ""
    if language in ("ja", "zh"):
        return (f"{year}年" if year else "") + f"{int(month)}月" + (f"{day}日" if day else "")
    if language not in MONTHS:
        return "-".join(filter(None, [year, month.zfill(2), day.zfill(2) if day else ""]))
    name = MONTHS[language].split()[int(month) - 1]
    if language == "en" and not day_first and day:
        return f"{name} {day}, {year}".strip(", ")
    if language in ("es", "pt"):
        return " de ".join(filter(None, [day, name, year]))
    day = "1er" if language == "fr" and day == "1" else f"{day}." if language == "de" and day else day
    return " ".join(filter(None, [day, name, year]))


def _spelled_date(arguments: Arguments, place: Place, start: int = 1) -> str:
    """Return the date that begins with an argument: day, month and year in either order, or one text."""
    first, second, third = (arguments.get(str(start + offset), "") for offset in range(3))
    day_first = arguments.get("df", "").lower() in ("y", "yes", "1", "t", "true")
    language = place.language.partition("-")[0] or "en"
    if re.fullmatch(r"[-−]?\d{3,4}", first):
        return _date(third, second, first, language, day_first) if second else first
    iso = re.fullmatch(r"(\d{4})-(\d\d?)-(\d\d?)", first)
    if iso and not second:
        return _date(iso[3], iso[2], iso[1], language, day_first)
    return _date(first, second, third, language) if second or third else first


def _years(arguments: Arguments, born: int, died: int) -> str:
    """Return how many years lie between two dates, given as year, month, day from two arguments on; "" if they are no dates."""
    try:
        first, last = ([int(arguments.get(str(at + offset)) or 1) for offset in range(3)] for at in (born, died))
    except ValueError:
        return ""
    return str(last[0] - first[0] - (last[1:] < first[1:])) if arguments.get(str(died)) else ""


def _death_and_age(arguments: Arguments, place: Place) -> str:
    age = _years(arguments, 4, 1)
    return _spelled_date(arguments, place) + (f" (aged {age})" if age else "")


def _death_and_age_in_japanese(arguments: Arguments, place: Place) -> str:
    age = _years(arguments, 1, 4)
    return _spelled_date(arguments, place, 4) + (f"（{age}歳没）" if age else "")


def _age(arguments: Arguments, place: Place) -> str:
    return _years(arguments, 1, 4)  # without a second date it is that of the day on which one reads the page


def _as_of(arguments: Arguments, place: Place) -> str:
    if arguments.get("alt"):
        return arguments["alt"]
    words = "Since" if arguments.get("since") else "As of"
    words = words.lower() if arguments.get("lc") else words
    order = {"df": "" if arguments.get("df") == "us" else "y"}
    return f"{words} {_spelled_date({**arguments, **order}, place._replace(language='en'))}".strip()


def _circa(arguments: Arguments, place: Place) -> str:
    return " – ".join(f"c. {value}" for value in numbered(arguments)[:2] if value) or "c. "


def _reign(word: str) -> Show:
    def show(arguments: Arguments, place: Place) -> str:
        values = list(filter(None, numbered(arguments)[:2]))
        return f"{word} {'–'.join(values)}" if values else ""

    return show


def _old_style(arguments: Arguments, place: Place) -> str:
    day, year, other = (arguments.get(name, "") for name in "123")
    return " ".join(filter(None, [day, f"[O.S. {other}]" if other else "", year]))


def _life(arguments: Arguments, place: Place) -> str:
    year, day, death, death_day = (arguments.get(name, "") for name in "1234")
    return f"{year}{day}－{death}{death_day}" if year or death else ""


def _clock(arguments: Arguments, place: Place) -> str:
    hours, minutes, seconds = (arguments.get(name, "") for name in "123")
    return " ".join(filter(None, [f"{hours} h", minutes, f"min {seconds} s" if seconds else ""]))


def _centuries(noun: str, after: str = "", default: str = "e") -> Show:
    """Return how a century is shown whose number is Roman; what is none is text that must not break (Russian `s`)."""

    def show(arguments: Arguments, place: Place) -> str:
        values = [value for value in numbered(arguments) if value]
        era = after or (" av. J.-C." if values and values[0][0] in "-−" else "")
        values[:1] = [value.lstrip("-−") if ROMAN.fullmatch(value[1:]) else value for value in values[:1]]
        if not values or not ROMAN.fullmatch(values[0]):
            return values[0] if values else ""
        words: list[str] = []
        for value in values:
            if ROMAN.fullmatch(value):
                words += ["et"] if len(words) == 1 else []
                words.append(value.upper() + ("er" if value.upper() == "I" and default else default))
            elif value in ("e", "er", "ère", "re", "è", "o"):
                words[-1] = words[-1].removesuffix("er" if words[-1] == "Ier" else default) + value
            else:
                words.append(value)
        return " ".join([*words, noun]) + era

    return show


def _siglo(arguments: Arguments, place: Place) -> str:
    number, era = arguments.get("1", ""), arguments.get("2", "").lower()
    return number and f"siglo {number.upper() if ROMAN.fullmatch(number) else number}" + (" a. C." if era.startswith("a") else "")


def _japanese_year(arguments: Arguments, place: Place) -> str:
    given = arguments.get("1", "")
    year = int(given) if re.fullmatch(r"\d{1,4}", given) else 0
    era = next(((name, start) for name, start in ERAS if year >= start), None)
    if era is None:
        return f"{given}年" if year else given
    return f"{era[0]}{'元' if year == era[1] else year - era[1] + 1}年"


# Text.


def _reading(arguments: Arguments, place: Place) -> str:
    text, reading = arguments.get("1", ""), arguments.get("2", "")
    return f"{text}（{reading}）" if reading else text


def _ipa(arguments: Arguments, place: Place) -> str:
    return arguments.get("2") or arguments.get("1", "")


def _transliterated(arguments: Arguments, place: Place) -> str:
    values = numbered(arguments)
    return values[2] if len(values) > 2 and values[2] else values[1] if len(values) > 1 else ""


def _interlanguage(arguments: Arguments, place: Place) -> str:
    first = arguments.get("1", "")
    return arguments.get("lt") or (first if len(first) > 3 or not first.islower() else arguments.get("2") or first)


def _translated_link(arguments: Arguments, place: Place) -> str:
    return arguments.get("4") or arguments.get("3") or arguments.get("2", "")


def _accidental(arguments: Arguments, place: Place) -> str:
    return {"flat": "♭", "sharp": "♯", "natural": "♮", "b": "♭", "#": "♯"}.get(arguments.get("1", "").lower(), "")


# Parser functions: what is after the colon is argument 1.


def _changed(change: Callable[[str], str]) -> Show:
    return lambda arguments, place: change(arguments.get("1", ""))


def _plural(arguments: Arguments, place: Place) -> str:
    number, *forms = numbered(arguments) or [""]
    if not forms or not number.isdecimal():
        return forms[0] if forms else ""
    if len(forms) >= 3:  # as in Slavic languages
        units, tens = int(number[-1]), number[-2:-1]
        return forms[0] if units == 1 and tens != "1" else forms[1] if 1 < units < 5 and tens != "1" else forms[2]
    return forms[0] if int(number[:18]) == 1 else forms[-1]


def _if(arguments: Arguments, place: Place) -> str:
    return arguments.get("2" if arguments.get("1") else "3", "")


def _if_equal(arguments: Arguments, place: Place) -> str:
    return arguments.get("3" if arguments.get("1") == arguments.get("2") else "4", "")


def _title(arguments: Arguments, place: Place) -> str:
    return place.title


def _each(show: Show, *names: str) -> dict[str, Show]:
    return dict.fromkeys(names, show)


CURRENCIES = {
    **{"usd": "$", "us$": "US$", "us dollar": "$", "a$": "A$", "aud": "A$", "c$": "C$", "cad": "C$", "nz$": "NZ$", "nzd": "NZ$"},
    **{"gbp": "£", "£": "£", "pound": "£", "eur": "€", "€": "€", "euro": "€", "inr": "₹", "₹": "₹", "rs": "₹", "jpy": "¥"},
    **{
        "¥": "¥",
        "cny": "¥",
        "rmb": "¥",
        "krw": "₩",
        "rub": "₽",
        "php": "₱",
        "hkd": "HK$",
        "hk$": "HK$",
        "twd": "NT$",
        "nt$": "NT$",
    },
    **{"chf": "CHF ", "sek": "SEK ", "nok": "NOK ", "dkk": "DKK ", "pln": "PLN ", "brl": "R$", "mxn": "MX$", "s$": "S$"},
}

CHARACTERS = {
    **dict.fromkeys(["ndash", "en dash", "endash"], "–"),
    **dict.fromkeys(["mdash", "em dash", "emdash", "mdashb"], "—"),
    **dict.fromkeys(["snd", "spnd", "snds", "spaced ndash", "spaced en dash", "spaced en dash space"], " – "),
    **dict.fromkeys(["nbsp", "space", "thin space", "thinsp", "en space", "em space", "hair space", "figure space"], " "),
    **dict.fromkeys(["'", "`"], "'"),
    **{"'s": "'s", "eqm": "⇌", "=": "=", "times": "×", "pi": "π", "minus": "−", "infinity": "∞", "·": " · ", "•": " • "},
    **{"a. c.": "a. C.", "d. c.": "d. C.", "av. j.-c.": "av. J.-C.", "apr. j.-c.": "apr. J.-C."},
    **dict.fromkeys(["nbhyph", "nbh", "nbhyphen", "hyphen"], "-"),
    "mgr": "Mgr",
}  # templates that stand for a character or a few

SIGNS = {
    **{"км²": "км²", "км2": "км²", "м²": "м²", "м2": "м²", "м³": "м³", "м3": "м³", "км³": "км³", "км3": "км³"},
    **{"руб": "руб.", "рублей": "руб.", "tmp": "°C", "°c": "°C", "градус цельсия": "°C", "градусы цельсия": "°C"},
}
"""Templates that show a unit, behind a number if there is one."""

SHIPS = ("HMS", "USS", "SS", "RMS", "MS", "MV", "HMAS", "HMCS", "HMNZS", "USNS", "USCGC", "SMS", "INS", "RV", "MT", "PS", "HNLMS")

NEEDS_A_SOURCE = (
    # Marks of doubt about a passage, which show the passage.
    *(
        "citation needed span",
        "cn span",
        "clarify span",
        "refnec",
        "référence nécessaire",
        "référence souhaitée",
        "référence insuffisante",
    ),
    *("passage non neutre", "passage promotionnel", "passage évasif", "pas clair", "senza fonte", "нет аи 2", "прояснить 2"),
)

DATES = (
    *(
        "birth date",
        "birth date and age",
        "death date",
        "start date",
        "end date",
        "start date and age",
        "end date and age",
        "dob",
    ),
    *(
        "birth-date",
        "birth-date and age",
        "death-date",
        "bda",
        "birth year and age",
        "birth year",
        "death year",
        "film date",
        "dts",
    ),
    *("date table sorting", "launch date", "release date", "upcoming date", "date", "date-", "date rapide", "date de naissance"),
    *("date de naissance-", "date de décès", "date de décès-", "date naissance", "date décès", "datum", "datumzelle", "fecha"),
    *("fecha de inicio", "fecha de nacimiento", "fecha de fallecimiento", "fecha de fin", "data", "data nascita", "data morte"),
    *(
        "дата",
        "дата рождения",
        "др",
        "дс",
        "дата смерти",
        "сс",
        "сс3",
        "生年月日",
        "生年月日と年齢",
        "出生日期",
        "出生日期和年齡",
        "出生日期和年龄",
    ),
    *("逝世日期", "dtsh date", "datum2", "data urodzenia", "datum en leeftijd", "födelsedatum", "geburtsdatum", "date sport"),
)

TEMPLATES: dict[str, Show] = {
    **{name: _text(character) for name, character in CHARACTERS.items()},
    # Text as it is given.
    **_each(
        _given("1"),
        *(
            "abbr",
            "big",
            "em",
            "lang-",
            "math",
            "mvar",
            "nobr",
            "nowrap",
            "small",
            "smaller",
            "strong",
            "tooltip",
            "var",
            "hover",
        ),
        *("not a typo", "sic", "as written", "linktext", "visible anchor", "vanchor", "angbr", "angle bracket", "nihongo", "sc"),
        *("smallcaps", "sub", "sup", "vr", "flag", "flagcountry", "flagu", "nowiki", "larger", "midsize", "normal", "nobold"),
        *("noitalic", "code", "kbd", "key press", "keypress", "mono", "tt", "samp", "strike", "strikethrough", "overline"),
        *("underline", "nts", "number table sorting", "ntsh2", "number", "comma", "spellnum", "numtext", "num2words", "ruby"),
        *(
            "unicode",
            "polytonic",
            "polytonisch",
            "zahl",
            "zahl2",
            "formatnum",
            "формат числа",
            "число",
            "numéro romain",
            "numero",
        ),
        *("número", "liczba", "tal", "getal", "siffror", "lnobr", "nobr romains", "esd", "pc", "petites capitales", "versalita"),
        *("maiuscoletto", "sc1", "sc2", "guil", "abréviation", "abr", "аббр", "comment", "подсказка", "souverain", "souverain2"),
        *("souverain-", "roi", "japonais", "флагификация", "флаг", "ふりがな", "ルビ", "jis2004フォント", "補助漢字フォント"),
        *(
            "cp932フォント",
            "jis90フォント",
            "拡張漢字",
            "lj",
            "en",
            "de",
            "fr",
            "it",
            "es",
            "la",
            "ru",
            "exposant",
            "ind",
            "sperrschrift",
            "ta",
            "tutto attaccato",
            "僻字",
            "zy",
            "poemquote",
            "center",
            "block indent",
            "bq",
            "rnd",
            "round",
            "death year and age",
            "西暦",
            "要出典範囲",
        ),
        *("citation étrangère", "citation bloc", "cita", "cita selectiva", "citazione", "citaat", "cytat", "цитата", "citat"),
        *NEEDS_A_SOURCE,
    ),
    **_each(_first("1", "text", "texte", "quote", "cita"), "blockquote", "bquote", "cquote", "quote", "citation", "zitat"),
    **_each(_first("2", "texte", "text"), "lang", "script", "langue", "språk", "wikt-lang", "langx", "иноязычный текст", "langr"),
    **_each(_transliterated, "transl", "transliteration"),
    **_each(_first("2", "1"), "sort", "sortkey", "tri", "w", "ship name"),
    **_each(_last, "color", "colour", "font color", "colored text", "coloured text", "resize", "font", "couleur", "farbe"),
    **_each(_given("1", "2"), "sortname", "sortkeyname", "nom de tri", "nombre de tri", "sortname2"),
    **_each(_first("texte", "fr", "tekst", "1"), "lien", "link-interwiki"),
    **_each(_interlanguage, "ill", "illm", "interlanguage link", "interlanguage link multi"),
    **_each(_first("label", "1"), "仮リンク", "ilh", "многозначная ссылка"),
    **_each(_translated_link, "tsl", "translink", "tsle"),
    **_each(
        _first("2", "1"),
        *(f"{name}{number}" for name in ("не переведено", "нп", "не переведено ") for number in ("", *"12345")),
        *("iw", "iw2", "не перекладено"),
    ),
    **_each(_ipa, "ipa", "api", "мфа", "afi"),
    **_each(_reading, "読み仮名", "読み仮名 ruby不使用", "yomigana"),
    **_each(_around("– ", " –"), "incise"),
    **_each(_accidental, "music"),
    **_each(_ship, "ship"),
    **{prefix.lower(): _ship_of(prefix) for prefix in SHIPS},
    **{title.lower(): _around(f"{title} ", otherwise=title) for title in ("M.", "MM.", "Mme", "Mlle", "p.", "pp.")},
    **_each(_first("3", "label", "1"), "link-", "le", "internal link helper"),
    **_each(_first("範囲"), "要出典"),
    **_each(_given("1", "c", "s", "t", "p", between=", "), "lang-zh", "zh"),
    # Numbers and units.
    **{unit: _around("", f" {shown}", shown) for unit, shown in SIGNS.items()},
    **_each(_convert, "convert", "cvt", "convertir", "converti", "conversion", "converter", "omvandla"),
    **_each(_value, "val", "m", "misura", "valor"),
    **_each(
        _with_unit, "unité", "unité/2", "unite", "unit", "nb", "nombre", "unidad", "ud", "num", "eenheid", "einheit", "величина"
    ),
    **_each(_gaps, "gaps"),
    **_each(_measures(ft="ft", **{"in": "in"}, m="m", cm="cm"), "height"),
    **_each(_measures(st="st", lb="lb", kg="kg"), "weight"),
    **_each(
        _fraction,
        "frac",
        "fraction",
        "sfrac",
        "bruch",
        "fracción",
        "fracc",
        "дробь",
        "frazione",
        "分数",
        "分數",
        "breuk",
        "ułamek",
        "bråk",
    ),
    **_each(_all(""), "chem", "chem2", "fchim", "formule chimique", "chim", "fórmula química"),
    **_each(
        _all("-"),
        "nuclide",
        "nuclide link",
        "simplenuclide",
        "simple nuclide",
        "simplenuclide link",
        "simplenuclide2",
        "nuclide2",
    ),
    **_each(_ten_to, "e", "10^", "×10^", "x10^"),
    **_each(_superscript, "exp", "expo", "^"),
    **_each(_plus_minus, "±", "plusminus", "+-", "pm"),
    **_each(_around("√"), "sqrt", "racine", "raíz", "wurzel", "radic"),
    **_each(_around("", "°", "°"), "deg", "degree", "degrees", "°", "градус"),
    **_each(_ordinal, "ordinal", "ord", "th"),
    **_each(_percentage, "percentage", "percent", "pct", "pourcentage", "procent"),
    **_each(_currency, "currency", "monnaie", "moneda"),
    **{name: _money(symbol) for name, symbol in CURRENCIES.items()},
    **_each(_duration, "duration", "durée", "dauer"),
    **_each(_million_years("million years ago"), "mya", "long ago"),
    **_each(_million_years("Ma"), "ma"),
    **_each(_million_years("billion years ago"), "bya"),
    **_each(_million_years("thousand years ago"), "kya"),
    **_each(_angle("h", "m", "s"), "ra"),
    **_each(_angle("°", "′", "″"), "dec", "angle", "dms"),
    **_each(_around("", " M☉", "M☉"), "solar mass"),
    **_each(_around("", " R☉", "R☉"), "solar radius"),
    **_each(_around("", " L☉", "L☉"), "solar luminosity"),
    **_each(_around("", " M🜨", "M🜨"), "earth mass"),
    **_each(_around("", " m"), "höhe"),
    **_each(_around("§ "), "§"),
    **_each(_around("no ", otherwise="no"), "n°", "nº", "numéro", "n°-"),
    # Dates and times.
    **_each(_spelled_date, *DATES),
    **_each(_death_and_age, "death date and age", "dda", "death date and given age"),
    **_each(_death_and_age_in_japanese, "死亡年月日と没年齢"),
    **_each(_age, "age", "age in years", "aged", "没年齢", "alter", "âge", "edad", "età", "возраст", "wiek", "ålder", "leeftijd"),
    **_each(_as_of, "as of"),
    **_each(_circa, "circa", "c.", "ca."),
    **_each(_around("c. "), "ca"),
    **_each(_reign("r."), "reign"),
    **_each(_reign("fl."), "floruit", "fl."),
    **_each(_reign("b."), "born in"),
    **_each(_old_style, "oldstyledate", "oldstyledatedy", "oldstyledateny"),
    **_each(_life, "bd"),
    **_each(_clock, "heure"),
    **_each(_centuries("siècle"), "s", "s-", "sp", "sp-", "siècle", "mini siècle", "s mini-"),
    **_each(_centuries("siècles"), "s2", "s2-"),
    **_each(_centuries("siècle", " av. J.-C."), "-s", "-s-"),
    **_each(_centuries("siècles", " av. J.-C."), "-s2", "-s2-"),
    **_each(_centuries("millénaire"), "m-", "millénaire", "millénaire-"),
    **_each(_centuries("secolo", default=""), "secolo"),
    **_each(_centuries("век", default=""), "век"),
    **_each(_around("", " av. J.-C."), "av jc", "-av jc", "av jc-"),
    **_each(_around("", " apr. J.-C."), "ap jc", "apr jc"),
    **_each(_siglo, "siglo"),
    **_each(_japanese_year, "和暦"),
    # What a page says of itself.
    **_each(
        _title,
        *("pagename", "fullpagename", "basepagename", "subpagename", "rootpagename", "seitenname", "nompage", "nombredepagina"),
        *("nombredepágina", "nombre de página", "paginanaam", "nazwastrony", "sidnamn", "имястраницы", "название страницы"),
    ),
}

FUNCTIONS: dict[str, Show] = {
    **_each(
        _given("1"),
        *("formatnum", "zahlenformat", "formatnombre", "formatonúmero", "formatteernum", "formatearnúmero", "форматчисла"),
        *(
            "formatujliczbę",
            "formateranum",
            "formaterattal",
            "格式化数字",
            "格式化數字",
            "数値整形",
            "#formatdate",
            "#dateformat",
        ),
        *("padleft", "padright", "gender", "пол", "geschlecht"),
    ),
    **_each(_given("2"), "grammar", "падеж", "grammatik"),
    **_each(_changed(str.lower), "lc", "нрег", "klein", "minus", "minús", "kl"),
    **_each(_changed(str.upper), "uc", "врег", "gross", "capit", "mayus", "mayús", "hl"),
    **_each(_changed(lambda text: text[:1].lower() + text[1:]), "lcfirst", "initial klein", "initminus", "нперв"),
    **_each(_changed(lambda text: text[:1].upper() + text[1:]), "ucfirst", "initial gross", "initcapit", "вперв"),
    **_each(_plural, "plural", "pluriel", "множественное число", "множественноечисло"),
    **_each(_if, "#if", "#если", "#wenn", "#si"),
    **_each(_if_equal, "#ifeq"),
    **_each(_title, "pagename", "fullpagename", "basepagename", "subpagename"),
}
"""Parser functions by what precedes the colon."""

PREFIXES = frozenset(
    ["template", "vorlage", "modèle", "plantilla", "predefinição", "шаблон", "sjabloon", "szablon", "mall", "subst", "safesubst"]
)
"""What may precede a template's name and a colon, and changes nothing."""

OWN_WORDS = re.compile(r"-?(?:\d{1,4}|[IVXLCDM]{1,9})(?:er|re|ère|e|ème|nde?|d|è)(?: (?:siècle|millénaire)(?: av\. J\.-C\.)?)?")
"""Names of French templates that show their name, such as `XIXe siècle`."""


def template(name: str) -> Show | None:
    """Return how a template or a parser function is shown; None if it is not.

    Parameters
    ----------
    name : what precedes the first bar; of a parser function what precedes the colon, and the colon.
    """
    name = name.strip()
    folded = name.lower().replace("_", " ")
    show = TEMPLATES.get(folded)
    if show:
        return show
    if folded.endswith(":"):
        return FUNCTIONS.get(folded[:-1].rstrip())
    if folded.startswith(("lang-", "link-")):
        return TEMPLATES[folded[:5]]
    if folded.startswith("internal link helper/"):
        return TEMPLATES["internal link helper"]
    if name[-1:] == "S" and 3 <= len(name) <= 4 and name[:-1].islower():  # German: enS, laS
        return TEMPLATES["lang-"]
    if OWN_WORDS.fullmatch(name):
        own = name[1:] + " av. J.-C." if name[0] == "-" else name
        return lambda arguments, place: " ".join([own, *filter(None, numbered(arguments))])
    return None

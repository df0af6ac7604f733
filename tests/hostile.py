"""What a hostile colleague types wherever text is taken. Every script among it sets the global `ran`."""

from __future__ import annotations

from itertools import product
from typing import Final

_WAYS_OUT: Final = (
    "", '">', "'>", "</textarea>", "</title>", "</script>", "</style>", "-->", "]]>", "</option></select>",
    "</svg>", "</noscript>", "</td></tr></table>",
)  # fmt: skip

_CORES: Final = (
    "<script>ran=1</script>", "<ScRiPt >ran=1</sCrIpT\t>", "<script/x>ran=1</script>",
    "<img src=x onerror=ran=1>", "<img/src=x/onerror=ran=1//", "<svg onload=ran=1>", "<svg/onload=ran=1>",
    "<details open ontoggle=ran=1>", "<input autofocus onfocus=ran=1>", "<body onload=ran=1>",
    "<video src=x onerror=ran=1>", '<iframe srcdoc="<script>parent.ran=1</script>"></iframe>',
    '<a href="javascript:ran=1" accesskey=x>看</a>', '<form action="javascript:ran=1"><button>同意</button></form>',
    '<meta http-equiv=refresh content="0;url=javascript:ran=1">', '<base href="https://evil.test/">',
)  # fmt: skip

_ODD: Final = (
    "<<script>ran=1//<</script>", "<script\x0c>ran=1</script>", "<svg><script>ran&equals;1</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=ran=1>", "＜script＞ran=1＜/script＞",
    "&lt;script&gt;ran=1&lt;/script&gt;", "&#60;script&#62;ran=1&#60;/script&#62;", "%3Cscript%3Eran=1%3C/script%3E",
    "\\u003cscript\\u003eran=1\\u003c/script\\u003e", "+ADw-script+AD4-ran=1+ADw-/script+AD4-",
    "<object data=javascript:ran=1>", "<embed src=javascript:ran=1>", "<link rel=stylesheet href=//evil.test>",
    "<style>@import'//evil.test'</style>", '" onmouseover=ran=1 x="', "' autofocus onfocus='ran=1", "` onload=ran=1 `",
    "javascript:ran=1", "data:text/html,<script>ran=1</script>", "vbscript:ran=1", "//evil.test", "<!--[if IE]>",
    "<plaintext>", "<xmp>", "<template><script>ran=1</script></template>", '<noscript><p title="</noscript><img src=x onerror=ran=1>">',
)  # fmt: skip

MARKUP: Final = tuple(a + b for a, b in product(_WAYS_OUT, _CORES)) + _ODD
"""Every way out of where text stands, before everything that could run."""

TEMPLATES: Final = (
    "{{7*7}}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{{7*'7'}}", "{%raw%}{{7*7}}{%endraw%}", "{#说#}", "{% for a in b %}",
    "{{config}}", "{{self}}", "{{request}}", "{{visitor.csrf}}", "{{visitor.person.password_hash}}", "{{typed}}",
    "{{''.__class__.__mro__[1].__subclasses__()}}", "{{cycler.__init__.__globals__.os.popen('id').read()}}",
    "{{lipsum.__globals__['os'].popen('id').read()}}", "{{joiner.__init__.__globals__}}", "{{namespace.__init__}}",
    "{{'a'|attr('upper')()}}", "{{'%c'%65}}", "{{'{0.__class__}'.format(1)}}", "{{'{x.__class__}'.format_map({'x':1})}}",
    "{{''|attr('format')|attr('__globals__')}}", "{{range(99999999)|list}}", "{{'a'*10**9}}", "{{'a'.center(10**9)}}",
    "{{'%1000000000d'%1}}", "{%include '/etc/passwd'%}", "{%import 'os' as o%}", "{%extends 'layout.html'%}",
    "{%set x=1%}{{x}}", "{%if 1%}真{%endif%}", "{{1}}{{2}}", "{{", "}}", "{%", "%}", "{#", "{{}}", "{}", "{0}", "{title}",
    "{0.__class__}", "{!r}", "%s%n%d", "%(title)s", "$title", "${title}", "#set($x=7*7)$x", "*{7*7}", "@(7*7)", "[[7*7]]",
    "<#assign x=7>${x}", "\\input{/etc/passwd}", '#import "/etc/passwd"', '#read("/etc/passwd")', '#eval("7*7")',
    "$ 7 times 7 $", "`rm -rf /`", "$(id)", "'; DROP TABLE project; --", "= 标题", "*粗*_斜_", "<label> @ref",
)  # fmt: skip
"""What some template language or other would compute: here all of it is text."""

FORMULAS: Final = tuple(
    before + each
    for before, each in product(
        ("", " ", "\t", "\r", "\n", " \n ", "\x00", "\xa0", "\u200b", "\ufeff", "\u3000"),
        (
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "＝1+1",
            "＋1",
            "－1",
            "＠A1",
            "=cmd|' /C calc'!A0",
            '=HYPERLINK("//evil.test")',
        ),
    )
)
"""What a spreadsheet program might compute, with what stands before it."""

LINES: Final = tuple(
    f"刘畅{broken}{said}"
    for broken in (
        "\r\n",
        "\n",
        "\r",
        "\x00",
        "\x0b",
        "\x0c",
        "\x85",
        "\u2028",
        "\u2029",
        "\x1c",
        "\x7f",
        "\x1b[2J",
        "\r\n\r\n",
    )
    for said in (
        "Bcc: e@evil.test",
        "RCPT TO:<e@evil.test>",
        ".\r\nMAIL FROM:<e@evil.test>",
        "Content-Type: text/html",
        "",
    )
)
"""What would end a header's line, or a mail, and begin another."""

TARGETS: Final = (
    "https://evil.test", "http://evil.test", "//evil.test", "///evil.test", "////evil.test", "/\\evil.test",
    "\\\\evil.test", "\\/evil.test", "/\\/evil.test", "/\t/evil.test", "/\n/evil.test", "/\r/evil.test", "\t//evil.test",
    " //evil.test", "/ /evil.test\\", "https:evil.test", "https:/evil.test", "http:\\\\evil.test", "javascript:ran=1",
    "JaVaScRiPt:ran=1", "java\nscript:ran=1", "data:text/html,x", "vbscript:x", "mailto:e@evil.test", "evil.test", "evil.test/",
    "@evil.test", "／／evil.test", "/／evil.test\\", "\u2044\u2044evil.test", "/\u200b/evil.test", "/\u202e/evil.test",
    "/x\r\nSet-Cookie: sid=1", "/x\nLocation: //evil.test", "/\x00/evil.test", "", "?", "#", ".", "..", "*",
)  # fmt: skip
"""Where a sign-in must not lead: each is another site, no path of ours, or breaks a header."""

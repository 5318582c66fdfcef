"""The pages people meet at the authority: whom to sign in as, what went wrong, signed out, and the way back by POST.

Each stands alone: no address outside of it, no script but the one line that sends the form of `form_post` off, as
Entra's page does. What they show is escaped by the template engine.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from jinja2 import DictLoader, Environment, StrictUndefined

from graphsync.sandbox.entra.entra_errors import AuthorityRefusal
from graphsync.sandbox.face.calls import Answer
from graphsync.sandbox.tenant.directory import User

_STYLE = """
*{box-sizing:border-box}
html{color-scheme:light dark}
body{margin:0;min-height:100vh;display:flex;justify-content:center;align-items:flex-start;
background:#eef1f5;color:#1b1a19;font:16px/1.5 "Segoe UI",system-ui,-apple-system,"Helvetica Neue",Arial,sans-serif}
main{width:100%;max-width:30rem;margin:4rem 1rem;padding:2.25rem 2.5rem 2rem;background:#fff;border:1px solid #d8dde3;
border-radius:.5rem;box-shadow:0 2px 10px rgba(0,0,0,.08)}
.brand{margin:0 0 1.25rem;color:#5c6670;font-size:.8125rem;letter-spacing:.02em}
h1{margin:0 0 .25rem;font-size:1.5rem;font-weight:600;line-height:1.25}
p{margin:0 0 1rem}
.to{color:#4a5560;overflow-wrap:anywhere}
.wrong{margin:0 0 1rem;padding:.625rem .75rem;border-left:.25rem solid #b3261e;background:#fdecea;color:#7a1710;
overflow-wrap:anywhere}
ul{--sheet:#fff;--shade:rgba(0,0,0,.16);list-style:none;margin:0 -.75rem 1.25rem;padding:0;max-height:24.5rem;
overflow-y:auto;background:linear-gradient(var(--sheet) 30%,transparent) top/100% 2.5rem no-repeat local,
linear-gradient(transparent,var(--sheet) 70%) bottom/100% 2.5rem no-repeat local,
linear-gradient(var(--shade),transparent) top/100% .75rem no-repeat scroll,
linear-gradient(transparent,var(--shade)) bottom/100% .75rem no-repeat scroll}
.person{display:flex;align-items:center;gap:.875rem;width:100%;padding:.625rem .75rem;border:0;border-radius:.375rem;
background:transparent;color:inherit;font:inherit;text-align:left;cursor:pointer}
.person:hover{background:#eef1f5}
.initials{flex:none;width:2.5rem;height:2.5rem;border-radius:50%;background:#0b5cad;color:#fff;font-weight:600;
font-size:.9375rem;line-height:2.5rem;text-align:center}
.who{min-width:0}
.name{display:block;font-weight:600;overflow-wrap:anywhere}
.address{display:block;color:#4a5560;font-size:.875rem;overflow-wrap:anywhere}
.other{padding-top:1.25rem;border-top:1px solid #d8dde3}
label{display:block;margin-bottom:.25rem;font-size:.875rem;font-weight:600}
.line{display:flex;flex-wrap:wrap;gap:.5rem}
input[type=text]{flex:1 1 12rem;min-width:0;padding:.5rem .625rem;border:1px solid #767f88;border-radius:.25rem;
background:#fff;color:inherit;font:inherit}
.next,.cancel{padding:.5rem 1.25rem;border:1px solid #0b5cad;border-radius:.25rem;background:#0b5cad;color:#fff;
font:inherit;cursor:pointer}
.next:hover{background:#094a8b}
.cancel{margin-top:1.25rem;border-color:#767f88;background:transparent;color:inherit}
:focus-visible{outline:3px solid #0b5cad;outline-offset:2px}
.person:focus-visible{outline-offset:-3px}
dl{margin:0;color:#4a5560;font-size:.8125rem}
dt{font-weight:600}
dd{margin:0 0 .5rem;overflow-wrap:anywhere}
@media (max-width:32rem){body{background:#fff}main{max-width:none;margin:0;padding:1.5rem;border:0;box-shadow:none}
ul{max-height:none}}
@media (prefers-color-scheme:dark){body{background:#16191d;color:#f1f3f5}main{background:#20252b;border-color:#3a424b}
ul{--sheet:#20252b;--shade:rgba(0,0,0,.5)}.brand,.to,.address,dl{color:#b7c0c9}.person:hover{background:#2d343c}.other{border-color:#3a424b}
input[type=text]{background:#16191d;border-color:#8b959f}.cancel{border-color:#8b959f}
.wrong{background:#45211f;color:#ffdad6;border-color:#f2b8b5}:focus-visible{outline-color:#7ab8f5}}
@media (prefers-color-scheme:dark) and (max-width:32rem){body{background:#20252b}}
"""
_SUBMIT = "document.forms[0].submit()"

_BASE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{% block title %}{% endblock %}</title>
<style>{{ style | safe }}</style>
</head>
<body>
<main>
<p class="brand">graphsync sandbox &middot; no real accounts</p>
{% block content %}{% endblock %}
</main>
</body>
</html>
"""
_PICK = """{% extends "base" %}
{% block title %}Sign in{% endblock %}
{% block content %}
<h1>Pick an account</h1>
<p class="to">to continue to {{ application }}</p>
{% if people %}
<form method="post" action="{{ action }}" aria-label="Accounts">
<input type="hidden" name="ctx" value="{{ context }}">
<ul>
{% for person in people %}
<li><button class="person" type="submit" name="login" value="{{ person.id }}"
{%- if loop.first and not wrong %} autofocus{% endif %}>
<span class="initials" aria-hidden="true">{{ initials(person) }}</span>
<span class="who"><span class="name">{{ person.display_name }}</span>
<span class="address">{{ person.address }}</span></span>
</button></li>
{% endfor %}
</ul>
</form>
{% endif %}
<form class="other" method="post" action="{{ action }}" aria-label="Another account">
<input type="hidden" name="ctx" value="{{ context }}">
<label for="loginfmt">Or type an address</label>
{% if wrong %}<p class="wrong" id="wrong" role="alert">{{ wrong }}</p>{% endif %}
<div class="line">
<input type="text" inputmode="email" id="loginfmt" name="loginfmt" value="{{ typed }}" autocomplete="username"
 spellcheck="false"
{%- if wrong %} aria-invalid="true" aria-describedby="wrong" autofocus{% endif %}>
<button class="next" type="submit">Next</button>
</div>
<button class="cancel" type="submit" name="cancel" value="1">Cancel</button>
</form>
{% endblock %}
"""
_ERROR = """{% extends "base" %}
{% block title %}Sign in to your account{% endblock %}
{% block content %}
<h1>Sign in</h1>
<p>Sorry, but we’re having trouble signing you in.</p>
<p class="wrong" role="alert">{{ description }}</p>
<dl>
<dt>Correlation ID</dt><dd>{{ correlation_id }}</dd>
<dt>Timestamp</dt><dd>{{ timestamp }}</dd>
</dl>
{% endblock %}
"""
_SIGNED_OUT = """{% extends "base" %}
{% block title %}Signed out{% endblock %}
{% block content %}
<h1>You signed out of your account</h1>
<p>It’s a good idea to close all browser windows.</p>
{% endblock %}
"""
_RETURN = """{% extends "base" %}
{% block title %}Working…{% endblock %}
{% block content %}
<form method="post" action="{{ action }}">
{% for name, value in fields.items() %}
<input type="hidden" name="{{ name }}" value="{{ value }}">
{% endfor %}
<noscript>
<h1>Almost there</h1>
<p>Scripts are off in this browser. Select Continue to go on to the application.</p>
<button class="next" type="submit">Continue</button>
</noscript>
</form>
<script>{{ submit | safe }}</script>
{% endblock %}
"""


def _initials(person: User) -> str:
    words = person.display_name.split() or [person.address]
    return "".join(word[0] for word in (words[0], *words[1:][-1:])).upper()


_TEMPLATES = Environment(
    autoescape=True,
    trim_blocks=True,
    undefined=StrictUndefined,
    loader=DictLoader(
        {"base": _BASE, "pick": _PICK, "error": _ERROR, "signed_out": _SIGNED_OUT, "return": _RETURN},
    ),
)
_TEMPLATES.globals.update(style=_STYLE, submit=_SUBMIT, initials=_initials)


def _source(content: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode() + "'"


# Without form-action: browsers apply it to the redirects after a form too, and where the app sends people is its own.
_POLICY = f"default-src 'none'; style-src {_source(_STYLE)}; frame-ancestors 'none'; base-uri 'none'"
_HEADERS = {
    "Cache-Control": "no-store, no-cache",
    "Pragma": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def _page(name: str, values: Mapping[str, object], *, status: int = 200, policy: str = _POLICY) -> Answer:
    text = _TEMPLATES.get_template(name).render(values)
    return Answer(
        status=status,
        content=text.encode(),
        headers={"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy, **_HEADERS},
    )


def pick_page(
    people: Sequence[User], *, application: str, action: str, context: str, typed: str = "", wrong: str = ""
) -> Answer:
    """Return the page to pick a person on.

    Args:
        people: who is offered, in this order; the first one has the focus.
        application: how the app is called.
        action: where the forms are sent.
        context: what was asked of the authority; comes back with the form.
        typed: what stands in the field for an address.
        wrong: what was wrong with it.
    """
    values = {
        "people": people,
        "application": application,
        "action": action,
        "context": context,
        "typed": typed,
        "wrong": wrong,
    }
    return _page("pick", values)


def error_page(refusal: AuthorityRefusal, *, correlation_id: str, now: datetime) -> Answer:
    """Return the page that says why nobody can be signed in, where the app cannot be told."""
    values = {
        "description": refusal.description,
        "correlation_id": correlation_id,
        "timestamp": f"{now:%Y-%m-%d %H:%M:%SZ}",
    }
    return _page("error", values, status=refusal.status)


def signed_out_page() -> Answer:
    """Return the page after a sign-out that leads nowhere."""
    return _page("signed_out", {})


def return_page(action: str, fields: Mapping[str, str]) -> Answer:
    """Return the page that posts `fields` to the app: https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html."""
    policy = f"{_POLICY}; script-src {_source(_SUBMIT)}"
    return _page("return", {"action": action, "fields": fields}, policy=policy)

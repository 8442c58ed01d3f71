"""Parts of every JUnit XML file: clean text and the counts of its suites. Pure."""

from __future__ import annotations

import re
from xml.etree import ElementTree

# Characters that XML 1.0 forbids even as references (https://www.w3.org/TR/xml/#charsets).
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """Return the text with a replacement character for every character that XML does not allow."""
    return _FORBIDDEN.sub("\ufffd", text)


def document(root: ElementTree.Element) -> str:
    """Return the text of the file, with the counts of every suite and of the whole file."""
    for element in (*root, root):
        for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
            element.set(name, str(sum(1 for _ in element.iter(tag))))
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'

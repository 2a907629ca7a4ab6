"""Swift source text as the coverage of it is read: bytes, so that columns are LLVM's, with comments and
the contents of literals blanked out, so that what is left is code."""

import re

LITERAL_START = re.compile(r'"""|"|//|/\*')
BEFORE_REGEX = re.compile(r"(?:^|[(,=:!&|?{;]|\breturn|\bin)\s*$")
TOKEN = re.compile(r"[A-Za-z_][A-Za-z_0-9]*|&&|\|\||\?\?|\S")
OPENING, CLOSING = "([{", ")]}"


class Source:
    """One file. Positions are offsets into `text`; `code` is as long as `text`."""

    def __init__(self, content):
        self.text = content.decode("latin-1")
        self.code = blanked(self.text)
        self.starts = [0] + [match.end() for match in re.finditer("\n", self.text)]
        self.tokens = [(match.group(), match.start()) for match in TOKEN.finditer(self.code)]
        self.token_starts = {start: index for index, (_, start) in enumerate(self.tokens)}

    def position(self, line, column):
        return self.starts[line - 1] + column - 1

    def line_number(self, position):
        return self.text.count("\n", 0, position) + 1

    def line(self, position):
        """The line of a position, without the blanks around it."""
        start = self.text.rfind("\n", 0, position) + 1
        return self.text[start:].split("\n", 1)[0].strip().encode("latin-1").decode("utf-8")

    def index(self, position):
        """The index of the first token at or behind a position."""
        low, high = 0, len(self.tokens)
        while low < high:
            middle = (low + high) // 2
            if self.tokens[middle][1] < position:
                low = middle + 1
            else:
                high = middle
        return low

    def before(self, position):
        """The last token before a position; empty at the start of the file."""
        index = self.index(position)
        return self.tokens[index - 1][0] if index else ""

    def after(self, position):
        """The first token at or behind a position; empty at the end of the file."""
        index = self.index(position)
        return self.tokens[index][0] if index < len(self.tokens) else ""

    def has_code(self, start, end):
        """Whether anything but closing brackets stands between two positions."""
        return any(token not in ")]};," for token, _ in self.tokens[self.index(start) : self.index(end)])

    def keyword(self, position, words):
        """Where the nearest of some keywords stands that is before a position and outside of brackets that are
        closed there; None if the statement has none."""
        depth = 0
        for token, start in reversed(self.tokens[: self.index(position)]):
            if token in CLOSING:
                depth += 1
            elif token in OPENING:
                depth -= 1
                if depth < 0:
                    return None
            elif depth == 0 and token in words:
                return start
        return None


def blanked(text):
    """The same text with blanks in place of comments, and quotes in place of the contents of literals; what is
    interpolated stays."""
    code = list(text)

    def blank(start, end, by):
        for index in range(start, end):
            if text[index] != "\n":
                code[index] = by

    def statements(position, closing):
        """Passes over code up to the end, or to the bracket that closes it."""
        depth = 0
        while position < len(text):
            character = text[position]
            if text.startswith("//", position):
                end = text.find("\n", position)
                end = len(text) if end < 0 else end
                blank(position, end, " ")
                position = end
            elif character == '"':
                position = literal(position)
            elif character == "/" and text[position + 1] not in " /*=" and BEFORE_REGEX.search(text[:position][-40:]):
                position = regex(position)
            else:
                if closing and character == "(":
                    depth += 1
                elif closing and character == ")":
                    if depth == 0:
                        return position
                    depth -= 1
                position += 1
        return position

    def literal(position):
        quote = '"""' if text.startswith('"""', position) else '"'
        blank(position, position + len(quote), '"')
        position += len(quote)
        while not text.startswith(quote, position):
            if text.startswith("\\(", position):
                blank(position, position + 1, '"')
                position = statements(position + 2, True) + 1
            else:
                width = 2 if text[position] == "\\" else 1
                blank(position, position + width, '"')
                position += width
        blank(position, position + len(quote), '"')
        return position + len(quote)

    def regex(position):
        end = position + 1
        while text[end] != "/":
            end += 2 if text[end] == "\\" else 1
        blank(position, end + 1, '"')
        return end + 1

    statements(0, False)
    return "".join(code)

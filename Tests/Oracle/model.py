"""A workspace in memory: tables, rows, relationships, audiences, and paths between them."""

from dataclasses import dataclass, field


@dataclass(eq=False)
class Row:
    """One row; two rows are the same only if they are one and the same."""

    values: dict
    place_in_file: tuple = ()  # (file, row number): the row id


@dataclass(eq=False)
class Table:
    name: str
    attributes: dict  # name -> type
    key: list = field(default_factory=list)
    rows: list = field(default_factory=list)

    def order(self, row):
        """Rows are listed by key, else by row id."""
        return tuple(row.values[a] for a in self.key) if self.key else row.place_in_file


@dataclass(eq=False)
class Relationship:
    source: str
    foreign_key: str
    target: str
    key: str
    name: str
    one_to_one: bool = False


@dataclass(eq=False)
class Audience:
    name: str
    table: str
    hierarchy: Relationship = None


@dataclass(eq=False)
class Step:
    """One step of a path, walked outward: from the place nearer to the profile to the next one."""

    relationship: Relationship
    to_source: bool  # from the relationship's target to its source: one-to-many
    near: str
    far: str

    @property
    def one_to_many(self):
        return self.to_source and not self.relationship.one_to_one


class Workspace:
    def __init__(self, tables, relationships, audiences, time_zone="UTC", week_start="monday"):
        self.tables = {t.name: t for t in tables}
        self.relationships = list(relationships)
        self.audiences = {a.name: a for a in audiences}
        self.time_zone = time_zone
        self.week_start = week_start
        self.indexes = {}
        self.paths = {}

    def rows_with(self, table, attribute, value):
        """The rows of a table whose attribute has this value; none for a missing one."""
        index = self.indexes.get((table, attribute))
        if index is None:
            index = self.indexes[table, attribute] = {}
            for row in self.tables[table].rows:
                index.setdefault(row.values[attribute], []).append(row)
        return [] if value is None else index.get(value, [])

    def relationship(self, source, name):
        for r in self.relationships:
            if (r.source, r.name) == (source, name):
                return r
        raise KeyError(f"{source}.{name}")

    def target_row(self, relationship, row):
        """The row that a row's foreign key reaches, or None."""
        found = self.rows_with(relationship.target, relationship.key, row.values[relationship.foreign_key])
        return found[0] if found else None

    def path(self, rule, profile_table):
        """The steps of a rule's path, walked outward from the profile."""
        walked = (tuple(rule.get("path", ())), rule.get("from"), profile_table)
        if walked not in self.paths:
            named = self.shortest_path(rule["from"], profile_table) if "from" in rule else walked[0]
            self.paths[walked] = self.steps(named, profile_table)
        return self.paths[walked]

    def steps(self, named, profile_table):
        places, steps = {profile_table: profile_table}, []
        near = profile_table
        for text in reversed(named):
            inverse = text.startswith("~")
            source, name = split_reference(text.removeprefix("~"))
            relationship = self.relationship(source, name)
            near_table = relationship.source if inverse else relationship.target
            assert places[near] == near_table, f"{text} does not meet {near}"
            table = relationship.target if inverse else relationship.source
            count = sum(t == table for t in places.values())
            far = table if count == 0 else f"{table}#{count + 1}"
            places[far] = table
            steps.append(Step(relationship, not inverse, near, far))
            near = far
        return steps

    def shortest_path(self, far, profile_table):
        found = self.shortest_paths(far, profile_table)
        assert len(found) == 1, f"{len(found)} shortest paths from {far} to {profile_table}"
        return found[0]

    def shortest_paths(self, far, profile_table):
        """All shortest relationship paths from a table to the profile table."""
        walks = [((), profile_table)]
        while walks:
            found = [names for names, table in walks if names and table == far]
            if found:
                return found
            walks = [
                ((name, *names), beyond)
                for names, table in walks
                for name, beyond in self.neighbours(table)
                if name not in names and flipped(name) not in names
            ]
        return []

    def neighbours(self, table):
        """The relationships at a table as an inward path names them, with the table beyond."""
        for r in self.relationships:
            full = f"{quoted(r.source)}.{quoted(r.name)}"
            if r.target == table:
                yield full, r.source
            if r.source == table:
                yield "~" + full, r.target

    def place_tables(self, rule, profile_table):
        """Each place of a rule's path, the profile's first, with its table."""
        places = {profile_table: profile_table}
        for step in self.path(rule, profile_table):
            r = step.relationship
            places[step.far] = r.source if step.to_source else r.target
        return places


def flipped(name):
    return name[1:] if name.startswith("~") else "~" + name


def quoted(name):
    """A name as it is written in a reference."""
    if any(c in name for c in '."~') or name != name.strip():
        return '"' + name.replace('"', '""') + '"'
    return name


def split_reference(text):
    """The names of a reference: split at its dots, those within double quotes left alone."""
    names, name, inside = [], "", False
    i = 0
    while i < len(text):
        c = text[i]
        if inside and text[i : i + 2] == '""':
            name += '"'
            i += 1
        elif c == '"':
            inside = not inside
        elif c == "." and not inside:
            names.append(name)
            name = ""
        else:
            name += c
        i += 1
    return [*names, name]

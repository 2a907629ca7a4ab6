"""What people and schedules do to a workspace, one command each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    name: str
    arguments: tuple[str, ...]
    story: str = ""  # what was done to the files before
    erased: str = ""  # a key that must be gone when the command has come through

    def __str__(self):
        return f"muster {' '.join(self.arguments)}" + (f" ({self.story})" if self.story else "")


def load(company):
    company.mend()
    return Operation("load", ("load",), company.change_data())


def load_wrong_data(company):
    story = company.change_data()
    return Operation("load", ("load",), f"{story}, {company.spoil()}")


def refresh_all(company):
    return Operation("refresh", ("refresh", "--all", "--as-of", company.as_of))


def keep_output_file(company):
    return Operation("edit", ("edit", company.random.choice(["recent", "vip"]), "--output-file"))


def refresh_some(company):
    names = company.random.sample(["vip", "recent", "lapsed", "by-hand", "shoppers"], 2)
    return Operation("refresh", ("refresh", *names, "--as-of", company.as_of))


def save(company):
    company.change_definitions()
    files = sorted(f"segments/{file.name}" for file in (company.folder / "segments").iterdir())
    return Operation("save", ("save", *files), f"edition {company.edition} of the definitions")


def apply(company):
    company.change_definitions()
    options = company.random.choice([["--no-sizes"], ["--refresh"]])
    arguments = ("apply", "segments", "--yes", "--as-of", company.as_of, *options)
    return Operation("apply", arguments, f"edition {company.edition} of the definitions")


def delete(company):
    return Operation("delete", ("delete", company.random.choice(["friends", "rich"])))


def erase(company):
    audience, key = company.someone()
    return Operation("erase", ("erase", "--audience", audience, "--key", key, "--also-unknown", "--yes"), erased=key)


def erase_again(company):
    return Operation("erase", ("erase", "--again", "--yes"))


def collect_garbage(company):
    return Operation("gc", ("gc", *company.random.choice([[], ["--cache"]])))


def mend(company):
    return Operation("mend", ("check", "--mend"))


def write_members(company):
    file = company.random.choice(["members.csv", "members.parquet"])
    return Operation("members", ("members", "recent", "--output", file))


# Each with how often it is chosen.
OPERATIONS = {
    load: 8,
    load_wrong_data: 1,
    refresh_all: 5,
    keep_output_file: 1,
    refresh_some: 2,
    apply: 5,
    save: 1,
    delete: 1,
    erase: 2,
    erase_again: 1,
    collect_garbage: 4,
    mend: 1,
    write_members: 1,
}


def random_operation(company):
    makers, weights = zip(*OPERATIONS.items())
    return company.random.choices(makers, weights)[0](company)

"""No parameter is read and ignored: each member of a `struct Params` is used outside its schema() function."""
import re

from _lint import ROOT, finish, sources, without_comments

MEMBER = re.compile(r"([A-Za-z_]\w*)\s*(?:\[[^\]]*\]\s*)?$")


def block_end(text, opening):
    """Index after the brace that closes the one at `opening`."""
    depth = 0
    for index in range(opening, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if depth == 0:
            return index + 1
    return len(text)


def members(body):
    """Names of the data members in the body of a struct (nested blocks and initialisers removed)."""
    while re.search(r"\{[^{}]*\}", body):
        body = re.sub(r"\{[^{}]*\}", " = 0", body)
    while re.search(r"<[^<>;]*>", body):
        body = re.sub(r"<[^<>;]*>", "", body)
    names = []
    for statement in body.split(";"):
        statement = statement.split("=")[0].strip()
        if not statement or re.match(r"(using|static|enum|struct|friend|template|bool operator)\b", statement):
            continue
        names += [m.group(1) for part in statement.split(",") if (m := MEMBER.search(part)) and "(" not in part]
    return names


def without_schemas(text):
    """Text without the bodies of functions named schema()."""
    while (found := re.search(r"\bschema\s*\(\s*\)\s*(?:const\s*)?\{", text)) is not None:
        text = text[: found.start()] + text[block_end(text, found.end() - 1):]
    return text


def main():
    texts = {path: without_comments(path.read_text()) for path in sources("src", "apps")}
    faults, count = [], 0
    for path, text in texts.items():
        for found in re.finditer(r"\bstruct\s+(?:\w+::)*\w*Params\b[^;{]*\{", text):
            end = block_end(text, found.end() - 1)
            # Uses count in the component's folder and where components are built: `params.name`, `p.name`, ...
            top = path.relative_to(ROOT).parts[1]
            near = [p for p in texts if path.parent in p.parents or p.parent == ROOT / "src" / top and p.name.startswith("register")]
            code = re.sub(r"&\s*(?:\w+::)*Params::\w+", "", "\n".join(without_schemas(texts[p]) for p in near))
            for name in members(text[found.end(): end - 1]):
                count += 1
                if not re.search(rf"(?:\.|->)\s*{name}\b(?!\s*\()", code):
                    line = text[: found.start()].count("\n") + 1
                    faults.append(f"{path.relative_to(ROOT)}:{line}: '{name}' is used in no code but the schema")
    finish(faults, f"{count} parameters")


main()

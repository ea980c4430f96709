# For Doxygen, which gives the comment behind `float x, y;` to y alone: each name becomes a declaration of its own, with
# that comment. Lines keep their numbers.
/^ +[a-z][a-z0-9_ ]* [a-z0-9_]+(\[[0-9]+\])?(, [a-z0-9_]+(\[[0-9]+\])?)+; *\/\*\*</ {
    text = $0
    lines = 0
    while (text !~ /\*\// && (getline more) > 0) {
        text = text " " more
        lines++
    }
    declaration = substr(text, 1, index(text, ";") - 1)
    comment = substr(text, index(text, ";") + 1)
    match(declaration, /[a-z0-9_]+(\[[0-9]+\])?,/)
    type = substr(declaration, 1, RSTART - 1)
    count = split(substr(declaration, RSTART), name, ", ")
    for (i = 1; i <= count; i++)
        printf "%s%s;%s ", type, name[i], comment
    for (; lines >= 0; lines--)
        print ""
    next
}
{ print }

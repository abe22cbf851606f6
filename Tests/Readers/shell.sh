# Reads the files that are named on standard input with `.`, each in a process of its own. For each one: NAME=VALUE for
# every variable, each ended by a zero byte, then a byte 1 with `ok`, `noisy` after an error message, or `failed`. Needs
# an empty PATH, in which no command is found.
while IFS= read -r file; do
    (
        IFS='
'
        set -a
        . "$file" >/dev/null 2>"$file.errors" </dev/null
        /usr/bin/env -0 || exit 1
        end=ok
        [ ! -s "$file.errors" ] || end=noisy
        /usr/bin/printf '\001%s\000' "$end"
    ) || /usr/bin/printf '\001failed\000'
done

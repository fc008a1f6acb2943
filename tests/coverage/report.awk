# SPDX-License-Identifier: MIT
#
# Reads rows of "file TAB number TAB ran TAB text", several for a line that is in several objects, and the judgements:
#
#   FILE FUNCTION: TEXT OF THE LINE     a line that does not run; all lines of that text in that function
#   ~FILE FUNCTION: TEXT OF THE LINE    one that runs in some runs only, or on some machines only
#   FILE FUNCTION: *                    no line of that function runs
#       why                             indented: the judgement of the entries above it; may go on
#
# Prints the coverage of each file, the lines that did not run, and what does not fit. Exit status 1 if anything does not.

BEGIN {
    FS = "\t"
    while ((getline line <judged) > 0)
        read_judgement(line)
    close(judged)
    if (n_waiting)
        complain(judged ": no judgement follows the last entries")
}

function complain(text) { complaints[++n_complaints] = text }

function read_judgement(line,    key) {
    if (line ~ /^#/ || line ~ /^[ \t]*$/) {
        judging = 0
        return
    }
    if (line ~ /^[ \t]/) {
        if (!n_waiting && !judging)
            complain(judged ": a judgement of nothing: " line)
        n_waiting = 0
        judging = 1
        return
    }
    judging = 0
    key = line
    sub(/^~/, "", key)
    if (key in judgement)
        complain(judged ": twice: " key)
    judgement[key] = line ~ /^~/ ? "either" : "never"
    n_waiting++
}

{
    place = $1 SUBSEP $2
    if (!(place in text)) {
        text[place] = substr($0, length($1) + length($2) + length($3) + 4)
        n_of[$1]++
        if ($2 > last_of[$1])
            last_of[$1] = $2 + 0
    }
    if ($3 > 0)
        ran[place] = 1
}

# Which function each line of a file is in: the last name before "(" on a line that begins in column one.
function find_functions(file,    path, line, number, name) {
    path = srcdir "/" file
    number = 0
    name = "-"
    while ((getline line <path) > 0) {
        number++
        if (line ~ /^[A-Za-z_].*\(/ && line !~ /;[ \t]*$/) {
            name = line
            sub(/\(.*/, "", name)
            sub(/.*[^A-Za-z_0-9]/, "", name)
        }
        function_of[file, number] = name
    }
    close(path)
}

function look_at_file(file,    i, key, n_ran, entered) {
    find_functions(file)
    for (i = 1; i <= last_of[file]; i++)
        if ((file, i) in ran) {
            n_ran++
            entered[function_of[file, i]] = 1
        }
    for (i = 1; i <= last_of[file]; i++) {
        if (!((file, i) in text) || (file, i) in ran)
            continue
        key = file " " function_of[file, i] ": "
        key = key ((key "*") in judgement && !(function_of[file, i] in entered) ? "*" : text[file, i])
        unrun[++n_unrun] = file ":" i ": " text[file, i]
        missed[key] = 1
        if (!(key in judgement))
            unjudged[++n_unjudged] = key
    }
    printf "%7.2f %%  %5d of %5d lines  %s\n", 100 * n_ran / n_of[file], n_ran, n_of[file], file
    total += n_of[file]
    total_ran += n_ran
}

END {
    n_files = 0
    for (file in n_of)
        names[++n_files] = file
    for (i = 2; i <= n_files; i++)
        for (j = i; j > 1 && names[j - 1] > names[j]; j--) {
            file = names[j]
            names[j] = names[j - 1]
            names[j - 1] = file
        }
    for (i = 1; i <= n_files; i++)
        look_at_file(names[i])
    printf "%7.2f %%  %5d of %5d lines  in all\n\n", 100 * total_ran / total, total_ran, total
    print n_unrun + 0 " lines did not run:"
    for (i = 1; i <= n_unrun; i++)
        print unrun[i]
    if (100 * total_ran < least * total)
        complain("less than " least " % of the lines ran")
    for (i = 1; i <= n_unjudged; i++)
        complain("not judged: " unjudged[i])
    for (key in judgement)
        if (judgement[key] == "never" && !(key in missed))
            complain("no longer needed, it runs or is gone: " key)
    if (n_complaints)
        print ""
    for (i = 1; i <= n_complaints; i++)
        print "FAIL: " complaints[i]
    exit n_complaints > 0
}

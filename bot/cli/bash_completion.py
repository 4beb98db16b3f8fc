"""What bash runs to complete a line.

Bash breaks a word at `=`, so typer's own script never sees `-o length=sh` as one word, and bash
adds a space after `length=`. This script joins such words for typer, and gives bash only what
follows `=`.
"""

from typing import Final

from typer import _completion_shared as shared

SCRIPT: Final = """
%(complete_func)s() {
    local IFS=$'\n' word words=() last=-1 cut=
    for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
        if [[ $last -gt 1 && ( $word == "=" || ${words[last]} == *= ) ]]; then
            words[last]+=$word
        else
            words[++last]=$word
        fi
    done
    [[ $COMP_WORDBREAKS == *=* && ${words[last]} == *=* ]] && cut=${words[last]%%%%=*}=
    COMPREPLY=( $( env COMP_WORDS="${words[*]}" \\
                   COMP_CWORD=$last \\
                   %(autocomplete_var)s=complete_bash $1 ) )
    COMPREPLY=( "${COMPREPLY[@]#"$cut"}" )
    [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2> /dev/null
    return 0
}

complete -o default -F %(complete_func)s %(prog_name)s
"""


def install() -> None:
    """Have typer show and install this script for bash; it has no public way to be told."""
    shared._completion_scripts["bash"] = SCRIPT  # noqa: SLF001

/**
 * The completion scripts. Each asks `wf __complete` at a TAB, and hands what it answers to the shell as words, never
 * as code: nothing of it is expanded, split or evaluated. It asks the `wf` on PATH, for a TAB must not start what
 * merely lies in the folder at hand.
 */

export type Shell = 'bash' | 'zsh' | 'fish';
export const SHELLS: readonly Shell[] = ['bash', 'zsh', 'fish'];

export const script = (shell: Shell): string => {
  switch (shell) {
    case 'bash':
      return BASH;
    case 'zsh':
      return ZSH;
    case 'fish':
      return FISH;
  }
};

// `compgen -W` would expand its words as the shell does: ids go into the array as they are.
const BASH = `# Completion of wf for bash. Keep it:
#   wf completion bash > ~/.local/share/bash-completion/completions/wf
_wf_complete() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files) compopt -o default 2>/dev/null ;;
      :folders) compopt -o dirnames 2>/dev/null ;;
      *) COMPREPLY+=("$line") ;;
    esac
  done < <(command wf __complete bash "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _wf_complete wf
`;

const ZSH = `#compdef wf
# Completion of wf for zsh. Keep it in a folder of $fpath:
#   wf completion zsh > ~/.zfunc/_wf
_wf() {
  local line
  local -a values shown
  while IFS= read -r line; do
    case $line in
      :files) _files; return ;;
      :folders) _files -/; return ;;
    esac
    values+=("\${line%%$'\\t'*}")
    shown+=("\${line/$'\\t'/   }")
  done < <(command wf __complete zsh "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( $#values )) && compadd -l -d shown -- "\${values[@]}"
}
if [[ \${funcstack[1]} == _wf ]]; then _wf "$@"; else compdef _wf wf; fi
`;

const FISH = `# Completion of wf for fish. Keep it:
#   wf completion fish > ~/.config/fish/completions/wf.fish
function __wf_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    set -l lines (command wf __complete fish $words "$current" 2>/dev/null)
    switch "$lines[1]"
        case ':files'
            __fish_complete_path "$current"
        case ':folders'
            __fish_complete_directories "$current"
        case '*'
            printf '%s\\n' $lines
    end
end
complete -c wf -f -a '(__wf_complete)'
`;

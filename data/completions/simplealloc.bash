# SPDX-License-Identifier: MIT
# Completion of simplealloc for bash.

_simplealloc() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]-}
    # PATH:ROLE is three words for readline, where `:` ends a word.
    local role=false
    if [[ $word = : || $before = : ]]; then
        role=true
        [[ $word = : ]] && word=
    fi
    local common="--json --quirks --policy --help"
    local request="--image --bytes --use --cpu --without --order --any-device --strict --no-zero --crop --min-size --count --name"
    local roles="scanout render sample capture encode decode m2m-in m2m-out cursor read write"
    local nodes
    nodes=$(compgen -G '/dev/dri/*[0-9]'; compgen -G '/dev/video*')

    if [[ $COMP_CWORD = 1 ]]; then
        mapfile -t COMPREPLY < <(compgen -W "devices policy quirks sources capabilities plan graph \
alloc monitor doctor --help --version" -- "$word")
        return
    fi
    if $role; then
        mapfile -t COMPREPLY < <(compgen -W "$roles" -- "$word")
        return
    fi
    case $before in
        --cpu) mapfile -t COMPREPLY < <(compgen -W "none write read-rarely read-often" -- "$word") && return ;;
        --without | --order)
            mapfile -t COMPREPLY < <(compgen -W "dma-heap udmabuf simple-allocator ion gbm v4l2 \
drm-dumb $(simplealloc sources 2>/dev/null | awk 'NR > 1 && $2 ~ /^(yes|no)$/ { print $1 }')" -- "$word")
            return
            ;;
        --use) mapfile -t COMPREPLY < <(compgen -W "$nodes" -S : -- "$word") && compopt -o nospace && return ;;
        --quirks | --policy | --check | --svg) mapfile -t COMPREPLY < <(compgen -f -- "$word") && return ;;
        --image | --bytes | --crop | --min-size | --name | --count | --timeout) return ;;
    esac
    local words=$common
    case $command in
        devices) words="$nodes $common" ;;
        quirks) words="$nodes --check $common" ;;
        policy) words="--check $common" ;;
        capabilities) words="$nodes $common" ;;
        plan) words="$request --why $common" ;;
        graph) words="$request --svg --quirks --policy --help" ;;
        alloc) words="$request --verify --no-verify --hold --stats $common" ;;
        monitor) words="--count --timeout $common" ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _simplealloc simplealloc

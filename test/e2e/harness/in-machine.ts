/** Pieces of bash for scripts that run in the machine. */

/**
 * A function for scripts in the machine that lets two milliseconds pass without a fork. A script that
 * waits without a pause takes the processor from what it waits for.
 */
export const NAP = 'exec 9<> <(:); nap() { read -t 0.002 -r -u 9 _; true; }';

/** Fails until the daemon has ended its first pass; the status before is that of the bootstrap. */
export const DAEMON_READY = `! systemctl -q is-active nodeprep || { exec 8<>/dev/tcp/127.0.0.1/9752 && printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' >&8 && read -r status <&8 && [[ $status = *200* ]]; }`;

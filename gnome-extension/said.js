// What somebody else has chosen, made fit for a menu: one short line in which nothing is invisible and nothing turns the
// reading direction of what stands beside it.

const MOST = 40;
const READ = 4096;

// At most `most` characters of it; of what is longer both ends stay, since the end of a name says what it is.
export function said(text, most = MOST) {
    const line = text.slice(0, READ).toWellFormed?.() ?? text.slice(0, READ);
    const clean = line
        .replace(/\s+/gu, ' ')
        .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Me}\u115f\u1160\u2800\u3164\uffa0]/gu, '')
        .replace(/(\p{Mn}{2})\p{Mn}+/gu, '$1')
        .trim();
    const characters = [...clean];
    if (characters.length <= most)
        return clean;
    const end = Math.floor(most / 3);
    return `${characters.slice(0, most - end - 1).join('')}…${characters.slice(-end).join('')}`;
}

// The last part of a path, of which the bus has the bytes.
export function fileName(path) {
    const text = new TextDecoder().decode(path);
    return said(text.split('/').filter(part => part !== '').pop() ?? '/');
}

/* Reads a flat JSON array of numbers straight into doubles: the values a JSON parser and a conversion would give, to the
   last bit, without an object for each. What it does not read that exactly (more than 19 digits, large exponents), and
   what is no such array, it leaves to them. A plain shared library, called through ctypes. */

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define MOST_DIGITS 19 /* of which every number is below 2^64 */

typedef unsigned __int128 wide;

static const uint64_t POWERS[] = {
    1ull, 10ull, 100ull, 1000ull, 10000ull, 100000ull, 1000000ull, 10000000ull, 100000000ull, 1000000000ull,
    10000000000ull, 100000000000ull, 1000000000000ull, 10000000000000ull, 100000000000000ull, 1000000000000000ull,
    10000000000000000ull, 100000000000000000ull, 1000000000000000000ull, 10000000000000000000ull,
};

/* The same as doubles, which they all are without a rounding. */
static const double EXACT[] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,
    1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
};

int32_t slipway_numbers_layout(void) { return 1; }

static int is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static int is_digit(char c) { return c >= '0' && c <= '9'; }

/* The number that eight digits are, the first in the lowest byte: of the lanes of one word pairs are made, fours of the
   pairs, and of those the number. */
static uint64_t joined(uint64_t lanes) {
    lanes = (lanes * 10 + (lanes >> 8)) & 0x00ff00ff00ff00ff;
    lanes = (lanes * 100 + (lanes >> 16)) & 0x0000ffff0000ffff;
    return (lanes * 10000 + (lanes >> 32)) & 0xffffffff;
}

/* Takes the digits from `i` on into `*digits`, which overflows where there are too many; returns the place behind them.
   Up to eight at a time and without a branch for each, whose number no processor foresees. */
static int64_t take(const char *text, int64_t i, int64_t end, uint64_t *digits) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    while (i + 8 <= end) {
        uint64_t lanes;
        memcpy(&lanes, text + i, sizeof lanes);
        lanes ^= 0x3030303030303030; /* '0' to '9' become 0 to 9, and all else more, which the sum carries into the top bit */
        uint64_t others = ((lanes + 0x7676767676767676) | lanes) & 0x8080808080808080;
        int count = others ? __builtin_ctzll(others) / 8 : 8;
        if (!count) return i;
        *digits = *digits * POWERS[count] + joined(lanes << (64 - 8 * count));
        i += count;
        if (others) return i;
    }
#endif
    for (; i < end && is_digit(text[i]); i++) *digits = *digits * 10 + (uint64_t)(text[i] - '0');
    return i;
}

/* digits / 10^places, rounded once, for 0 < digits. Where both are doubles as they are, their quotient is. Else one of 64
   bits may be rounded to 53 unless its last 11 are just a half, which may itself be rounded; and that one is taken with
   its lowest bit set if anything is left over. */
static double quotient(uint64_t digits, int places) {
    if (digits <= 1ull << 53) return (double)(int64_t)digits / EXACT[places];
#if LDBL_MANT_DIG == 64
    long double near = (long double)digits / (long double)POWERS[places];
    uint64_t bits;
    memcpy(&bits, &near, sizeof bits);
    if ((bits & 0x7ff) != 0x400) return (double)near;
#endif
    int shift = __builtin_clzll(digits);
    wide whole = (wide)(digits << shift) << 64;
    wide part = whole / POWERS[places];
    if (part * POWERS[places] != whole) part |= 1;
    return ldexp((double)part, -(64 + shift));
}

/* Reads one number at `*at`; returns whether it could. */
static int number(const char *text, int64_t end, int64_t *at, double *out) {
    int64_t i = *at;
    int negative = i < end && text[i] == '-';
    i += negative;
    if (i >= end || !is_digit(text[i])) return 0;
    if (text[i] == '0' && i + 1 < end && is_digit(text[i + 1])) return 0;
    uint64_t digits = 0;
    int places = 0, whole = 1;
    int64_t first = i;
    i = take(text, i, end, &digits);
    int64_t significant = text[first] == '0' ? 0 : i - first;
    if (i < end && text[i] == '.') {
        whole = 0;
        first = ++i;
        if (!significant) while (i < end && text[i] == '0') i++;
        int64_t from = i;
        i = take(text, i, end, &digits);
        significant += i - from;
        if (i == first || i - first > 4096) return 0;
        places = (int)(i - first);
    }
    if (significant > MOST_DIGITS) return 0;
    if (i < end && (text[i] == 'e' || text[i] == 'E')) {
        whole = 0;
        int down = ++i < end && text[i] == '-';
        i += i < end && (text[i] == '-' || text[i] == '+');
        int64_t first = i;
        int exponent = 0;
        for (; i < end && is_digit(text[i]); i++) {
            exponent = exponent * 10 + (text[i] - '0');
            if (exponent > 4096) return 0;
        }
        if (i == first) return 0;
        places += down ? exponent : -exponent;
    }
    double value;
    if (!digits) value = 0.0;
    else if (places > MOST_DIGITS || places < -MOST_DIGITS) return 0;
    else if (places > 0) value = quotient(digits, places);
    else value = (double)((wide)digits * POWERS[-places]);
    *out = negative && !(whole && !digits) ? -value : value; /* "-0" is the whole number 0, which has no sign */
    *at = i;
    return 1;
}

/* Reads the array whose '[' is at `at`. Returns the place behind its ']' and its length in `*count`, or -1. */
int64_t slipway_numbers_read(const char *text, int64_t at, int64_t end, double *out, int64_t most, int64_t *count) {
    int64_t n = 0;
    for (at++;; at++) {
        while (at < end && is_space(text[at])) at++;
        if (n >= most || !number(text, end, &at, out + n)) return -1;
        n++;
        while (at < end && is_space(text[at])) at++;
        if (at >= end) return -1;
        if (text[at] == ']') break;
        if (text[at] != ',') return -1;
    }
    *count = n;
    return at + 1;
}

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

int32_t slipway_numbers_layout(void) { return 1; }

static int is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static int is_digit(char c) { return c >= '0' && c <= '9'; }

/* digits / 10^places, rounded once, for 0 < digits. Where both are doubles as they are, their quotient is. Else one of 64
   bits may be rounded to 53 unless its last 11 are just a half, which may itself be rounded; and that one is taken with
   its lowest bit set if anything is left over. */
static double quotient(uint64_t digits, int places) {
    if (digits <= 1ull << 53) return (double)digits / (double)POWERS[places];
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
    int significant = 0, places = 0, whole = 1;
    for (; i < end && is_digit(text[i]); i++) {
        if ((digits || text[i] != '0') && ++significant > MOST_DIGITS) return 0;
        digits = digits * 10 + (uint64_t)(text[i] - '0');
    }
    if (i < end && text[i] == '.') {
        whole = 0;
        int64_t first = ++i;
        for (; i < end && is_digit(text[i]); i++) {
            if ((digits || text[i] != '0') && ++significant > MOST_DIGITS) return 0;
            digits = digits * 10 + (uint64_t)(text[i] - '0');
        }
        if (i == first || i - first > 4096) return 0;
        places = (int)(i - first);
    }
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

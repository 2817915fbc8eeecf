/* Reads a flat JSON array of numbers straight into doubles: the values a JSON parser and a conversion would give, to the
   last bit, without an object for each. What it does not read that exactly (more than 19 digits, large exponents), and
   what is no such array, it leaves to them. A plain shared library, called through ctypes. */

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define MOST_DIGITS 19 /* of which every number is below 2^64 */
#define FAR 4096       /* digits behind a point, or an exponent, of which nothing is read here */

__extension__ typedef unsigned __int128 wide;

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

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define EIGHT_AT_ONCE

/* The number that eight digits are, the first in the lowest byte: of the lanes of one word pairs are made, fours of the
   pairs, and of those the number. */
static uint64_t joined(uint64_t lanes) {
    lanes = (lanes * 10 + (lanes >> 8)) & 0x00ff00ff00ff00ff;
    lanes = (lanes * 100 + (lanes >> 16)) & 0x0000ffff0000ffff;
    return (lanes * 10000 + (lanes >> 32)) & 0xffffffff;
}

#endif

/* Takes the digits from `i` on into `*digits`, which overflows where there are too many; returns the place behind them.
   Up to eight at a time and without a branch for each, whose number no processor foresees. */
static int64_t take_digits(const char *text, int64_t i, int64_t end, uint64_t *digits) {
#ifdef EIGHT_AT_ONCE
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

/* Reads what follows an 'e' at `i` into `*exponent`; returns the place behind it, or -1. */
static int64_t exponent_at(const char *text, int64_t i, int64_t end, int *exponent) {
    int down = i < end && text[i] == '-', size = 0;
    i += i < end && (text[i] == '-' || text[i] == '+');
    int64_t first = i;
    for (; i < end && is_digit(text[i]); i++) {
        size = size * 10 + (text[i] - '0');
        if (size > FAR) return -1;
    }
    *exponent = down ? -size : size;
    return i == first ? -1 : i;
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
    i = take_digits(text, i, end, &digits);
    int64_t significant = text[first] == '0' ? 0 : i - first;
    if (i < end && text[i] == '.') {
        whole = 0;
        first = ++i;
        if (!significant) while (i < end && text[i] == '0') i++;
        int64_t from = i;
        i = take_digits(text, i, end, &digits);
        significant += i - from;
        if (i == first || i - first > FAR) return 0;
        places = (int)(i - first);
    }
    if (significant > MOST_DIGITS) return 0;
    if (i < end && (text[i] == 'e' || text[i] == 'E')) {
        int exponent;
        whole = 0;
        i = exponent_at(text, i + 1, end, &exponent);
        if (i < 0) return 0;
        places -= exponent;
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

/* Reads the number that fills a text but for spaces around it; returns whether one does. */
static int spaced_number(const char *text, int64_t at, int64_t stop, double *out) {
    while (at < stop && is_space(text[at])) at++;
    if (!number(text, stop, &at, out)) return 0;
    while (at < stop && is_space(text[at])) at++;
    return at == stop;
}

#if defined(__SSE2__)

/* Loaded from n bytes after its beginning: 16 - n bytes of no bit, and n of all. */
static const int8_t TAIL[32] = {[16] = -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};

static __m128i tail(int64_t n) { return _mm_loadu_si128((const __m128i *)(TAIL + n)); }

/* The number that 16 digits are, the first in the lowest byte: pairs are made, fours, eights, and of those the number. */
static int64_t sixteen(__m128i digits) {
    __m128i tens = _mm_mullo_epi16(_mm_and_si128(digits, _mm_set1_epi16(0xff)), _mm_set1_epi16(10));
    __m128i pairs = _mm_add_epi16(tens, _mm_srli_epi16(digits, 8));
    __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(1 << 16 | 100));
    __m128i eights = _mm_madd_epi16(_mm_packs_epi32(fours, fours), _mm_set1_epi32(1 << 16 | 10000));
    uint64_t both = (uint64_t)_mm_cvtsi128_si64(eights);
    return (int64_t)((both & 0xffffffff) * 100000000 + (both >> 32));
}

/* The same for a number of up to 16 digits and a point, no exponent, and one space before it at most: what nearly all
   are. Without a branch that depends on its digits, and from its end on, so that the processor is busy with several. */
static int short_decimal(const char *text, int64_t at, int64_t stop, double *out) {
    at += text[at] == ' ';
    int negative = text[at] == '-';
    at += negative;
    int64_t n = stop - at;
    if (n < 1 || n > 16 || stop < 16) return 0;
    const char *begin = text + stop - 16;
    __m128i digits = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)begin), _mm_set1_epi8('0'));
    __m128i none = _mm_cmpeq_epi8(_mm_max_epu8(digits, _mm_set1_epi8(10)), digits);
    unsigned others = (unsigned)_mm_movemask_epi8(none) >> (16 - n) << (16 - n);
    int point = others ? __builtin_ctz(others) : -1;
    int places = others ? 15 - point : 0;
    int64_t whole = others ? n - 1 - places : n;
    if (others && ((others & (others - 1)) || begin[point] != '.' || !places || !whole)) return 0;
    if ((text[at] == '0') & (whole > 1)) return 0;
    digits = _mm_and_si128(digits, tail(n));
    /* What is before the point takes its place. */
    __m128i behind = tail(15 - point);
    __m128i before = _mm_andnot_si128(behind, _mm_slli_si128(digits, 1));
    int64_t all = sixteen(_mm_or_si128(_mm_and_si128(behind, digits), before));
    if (negative & !others & !all) return 0;
    double value = (double)all / EXACT[places];
    *out = negative ? -value : value;
    return 1;
}

static uint64_t ends_of_16(const char *text) {
    __m128i piece = _mm_loadu_si128((const __m128i *)text);
    __m128i commas = _mm_cmpeq_epi8(piece, _mm_set1_epi8(',')), brackets = _mm_cmpeq_epi8(piece, _mm_set1_epi8(']'));
    return (uint64_t)_mm_movemask_epi8(_mm_or_si128(commas, brackets));
}

static uint64_t ends_of_64(const char *text) {
    return ends_of_16(text) | ends_of_16(text + 16) << 16 | ends_of_16(text + 32) << 32 | ends_of_16(text + 48) << 48;
}

#else

static int short_decimal(const char *text, int64_t at, int64_t stop, double *out) {
    (void)text, (void)at, (void)stop, (void)out;
    return 0;
}

#endif

/* Which of the next 64 bytes end an element: a bit for each. */
static uint64_t ends(const char *text, int64_t left) {
#if defined(__SSE2__)
    if (left >= 64) return ends_of_64(text);
#endif
    uint64_t found = 0;
    for (int64_t i = 0; i < left && i < 64; i++) found |= (uint64_t)(text[i] == ',' || text[i] == ']') << i;
    return found;
}

/* Reads the array whose '[' is at `at`. Returns the place behind its ']' and its length in `*count`, or -1. */
int64_t slipway_numbers_read(const char *text, int64_t at, int64_t end, double *out, int64_t most, int64_t *count) {
    int64_t n = 0, begin = at + 1;
    for (int64_t block = begin; block < end; block += 64) {
        for (uint64_t left = ends(text + block, end - block); left; left &= left - 1) {
            int64_t stop = block + __builtin_ctzll(left);
            if (n >= most) return -1;
            if (!short_decimal(text, begin, stop, out + n) && !spaced_number(text, begin, stop, out + n)) return -1;
            n++;
            if (text[stop] == ']') {
                *count = n;
                return stop + 1;
            }
            begin = stop + 1;
        }
    }
    return -1;
}

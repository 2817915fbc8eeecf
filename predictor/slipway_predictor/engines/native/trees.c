/* Tree ensembles, walked with scikit-learn's own arithmetic: features narrowed to float where it narrows them, compared
   as double with the double threshold, leaves added in the order of the trees. A plain shared library, called through
   ctypes: no Python headers, one build for every Python.

   Eight trees are walked side by side, because one walk alone waits for memory at every step. A leaf points to itself,
   so lanes that arrive early wait without a branch. */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#define LANES 8
#define TILE 64 /* rows walked through the same trees before the next ones, while those are in the cache */

/* Two siblings are four words: both thresholds, then both splits. A node is where its threshold is, and its sibling is
   the next word: a step needs no arithmetic but the comparison's own bit, added. */
typedef union {
    double threshold; /* of a leaf: +infinity */
    struct {
        uint32_t feature;
        uint32_t left; /* a node; of a leaf: itself */
    } split;
} word;

typedef struct {
    const word *words;
    const uint8_t *missing_left; /* by node, as counted from the first: where a missing value goes */
    const uint32_t *roots;
    const double *values; /* by node, as counted: `width` numbers */
    int64_t trees;
    int64_t features;
    int64_t width;   /* numbers a leaf: either all columns, or one for column (tree mod columns) */
    int64_t columns; /* numbers a row */
    double rate;     /* what a leaf is multiplied by */
    int32_t narrow;  /* whether features are rounded to float first */
    int32_t limits;  /* what scikit-learn refuses: bit 0 infinity, bit 1 missing values */
    int32_t single;  /* whether each sum is rounded to float, as XGBoost's are */
} ensemble;

int32_t slipway_trees_layout(void) { return 3; }

/* Rounds the features, what is too large to infinity (IEEE 754 has it so, plain C leaves it open); returns 0, 1 with missing values among them, or -1 where scikit-learn would refuse. */
static int prepare(const ensemble *e, const double *x, int64_t count, double *y) {
    int missing = 0;
    for (int64_t i = 0; i < count; i++) {
        double v = e->narrow ? (double)(float)x[i] : x[i];
        if (isnan(v)) {
            if (e->limits & 2) return -1;
            missing = 1;
        } else if (isinf(v) && (e->limits & 1)) {
            return -1;
        }
        y[i] = v;
    }
    return missing;
}

/* The number of a node of this tree among all. Each tree begins with a root, whose place beside it is free. */
static int64_t counted(uint64_t node, int64_t tree) { return (int64_t)(node / 4 * 2 + node % 2) - tree - 1; }

static uint64_t step(const word *words, const double *y, uint64_t node) {
    return words[node + 2].split.left + (uint64_t)!(y[words[node + 2].split.feature] <= words[node].threshold);
}

/* Children come after their parents, so that the sum of the places grows until all have arrived. */
static void walk(const word *words, const double *y, const uint64_t *from, uint64_t *to) {
    uint64_t a = from[0], b = from[1], c = from[2], d = from[3], e = from[4], f = from[5], g = from[6], h = from[7];
    for (uint64_t before = 0, sum = 1; sum != before;) {
        before = sum;
        a = step(words, y, a), b = step(words, y, b), c = step(words, y, c), d = step(words, y, d);
        e = step(words, y, e), f = step(words, y, f), g = step(words, y, g), h = step(words, y, h);
        sum = a + b + c + d + e + f + g + h;
    }
    to[0] = a, to[1] = b, to[2] = c, to[3] = d, to[4] = e, to[5] = f, to[6] = g, to[7] = h;
}

static void walk_missing(const ensemble *e, const double *y, int64_t first, int64_t lanes, uint64_t *to) {
    for (int64_t l = 0; l < lanes; l++) {
        uint64_t node = e->roots[first + l];
        while (e->words[node + 2].split.left != node) {
            double v = y[e->words[node + 2].split.feature];
            int left = isnan(v) ? e->missing_left[counted(node, first + l)] : v <= e->words[node].threshold;
            node = e->words[node + 2].split.left + !left;
        }
        to[l] = node;
    }
}

/* The sum of two floats in double, rounded to float, is their sum in float: a double holds enough digits for that. */
static void add_single(const ensemble *e, int64_t first, int64_t lanes, const uint64_t *at, double *out) {
    for (int64_t l = 0; l < lanes; l++) {
        double *sum = out + (first + l) % e->columns;
        *sum = (double)(float)(*sum + e->values[counted(at[l], first + l)]);
    }
}

/* Two numbers a leaf, as the classes of most forests are: their sums stay in registers. */
static void add_pairs(const ensemble *e, int64_t first, int64_t lanes, const uint64_t *at, double *out) {
    double one = out[0], other = out[1];
    for (int64_t l = 0; l < lanes; l++) {
        const double *value = e->values + 2 * counted(at[l], first + l);
        one += e->rate * value[0];
        other += e->rate * value[1];
    }
    out[0] = one, out[1] = other;
}

static void add(const ensemble *e, int64_t first, int64_t lanes, const uint64_t *at, double *out) {
    if (e->width == 2 && e->columns == 2) {
        add_pairs(e, first, lanes, at, out);
        return;
    }
    for (int64_t l = 0; l < lanes; l++) {
        const double *value = e->values + counted(at[l], first + l) * e->width;
        if (e->width == e->columns) {
            for (int64_t c = 0; c < e->width; c++) out[c] += e->rate * value[c];
        } else {
            out[(first + l) % e->columns] += e->rate * value[0];
        }
    }
}

/* Adds the ensemble's leaves for `rows` rows `x` to `out`, which the caller has filled with where the sums start.
   Returns 0, -1 where scikit-learn would refuse a value (out is then of no use), -2 without memory. */
int32_t slipway_trees_add(const ensemble *e, const double *x, int64_t rows, double *out) {
    if (!rows) return 0;
    int64_t tile = rows < TILE ? rows : TILE;
    double *y = malloc((size_t)(tile * e->features) * sizeof *y);
    if (!y) return -2;
    uint64_t from[LANES], at[LANES];
    for (int64_t begin = 0; begin < rows; begin += TILE) {
        int64_t count = rows - begin < TILE ? rows - begin : TILE;
        int missing = prepare(e, x + begin * e->features, count * e->features, y);
        if (missing < 0) {
            free(y);
            return -1;
        }
        for (int64_t first = 0; first < e->trees; first += LANES) {
            int64_t lanes = e->trees - first < LANES ? e->trees - first : LANES;
            for (int64_t l = 0; l < LANES; l++) from[l] = e->roots[first + (l < lanes ? l : 0)];
            for (int64_t r = 0; r < count; r++) {
                const double *row = y + r * e->features;
                if (missing) walk_missing(e, row, first, lanes, at);
                else walk(e->words, row, from, at);
                (e->single ? add_single : add)(e, first, lanes, at, out + (begin + r) * e->columns);
            }
        }
    }
    free(y);
    return 0;
}

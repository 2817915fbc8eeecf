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

typedef struct {
    double threshold; /* of a leaf: +infinity */
    int32_t feature;
    int32_t left; /* the other child is the next one; of a leaf: itself */
} node;

typedef struct {
    const node *nodes;
    const uint8_t *missing_left; /* by node: where a missing value goes */
    const int32_t *roots;
    const double *values; /* by node: `width` numbers */
    int64_t trees;
    int64_t features;
    int64_t width;   /* numbers a leaf: either all columns, or one for column (tree mod columns) */
    int64_t columns; /* numbers a row */
    double rate;     /* what a leaf is multiplied by */
    int32_t narrow;  /* whether features are rounded to float first */
    int32_t limits;  /* what scikit-learn refuses: bit 0 infinity, bit 1 missing values */
    int32_t single;  /* whether each sum is rounded to float, as XGBoost's are */
} ensemble;

int32_t slipway_trees_layout(void) { return 2; }

/* Rounds the features; returns 0, 1 with missing values among them, or -1 where scikit-learn would refuse. */
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

static void walk(const ensemble *e, const double *y, int64_t first, int64_t lanes, int32_t *at) {
    const node *nodes = e->nodes;
    for (int64_t l = 0; l < LANES; l++) at[l] = e->roots[first + (l < lanes ? l : 0)];
    for (int32_t moved = 1; moved;) {
        moved = 0;
        for (int l = 0; l < LANES; l++) {
            const node *n = nodes + at[l];
            int32_t next = n->left + !(y[n->feature] <= n->threshold);
            moved |= next ^ at[l];
            at[l] = next;
        }
    }
}

static void walk_missing(const ensemble *e, const double *y, int64_t first, int64_t lanes, int32_t *at) {
    for (int64_t l = 0; l < lanes; l++) {
        int32_t i = e->roots[first + l];
        while (e->nodes[i].left != i) {
            const node *n = e->nodes + i;
            double v = y[n->feature];
            int left = isnan(v) ? e->missing_left[i] : v <= n->threshold;
            i = n->left + !left;
        }
        at[l] = i;
    }
}

/* The sum of two floats in double, rounded to float, is their sum in float: a double holds enough digits for that. */
static void add_single(const ensemble *e, int64_t first, int64_t lanes, const int32_t *at, double *out) {
    for (int64_t l = 0; l < lanes; l++) {
        double *sum = out + (first + l) % e->columns;
        *sum = (double)(float)(*sum + e->values[at[l]]);
    }
}

static void add(const ensemble *e, int64_t first, int64_t lanes, const int32_t *at, double *out) {
    for (int64_t l = 0; l < lanes; l++) {
        const double *value = e->values + at[l] * e->width;
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
    int64_t tile = rows < TILE ? rows : TILE;
    double *y = malloc((size_t)(tile * e->features) * sizeof *y);
    if (!y) return -2;
    int32_t at[LANES];
    for (int64_t begin = 0; begin < rows; begin += TILE) {
        int64_t count = rows - begin < TILE ? rows - begin : TILE;
        int missing = prepare(e, x + begin * e->features, count * e->features, y);
        if (missing < 0) {
            free(y);
            return -1;
        }
        for (int64_t first = 0; first < e->trees; first += LANES) {
            int64_t lanes = e->trees - first < LANES ? e->trees - first : LANES;
            for (int64_t r = 0; r < count; r++) {
                (missing ? walk_missing : walk)(e, y + r * e->features, first, lanes, at);
                (e->single ? add_single : add)(e, first, lanes, at, out + (begin + r) * e->columns);
            }
        }
    }
    free(y);
    return 0;
}

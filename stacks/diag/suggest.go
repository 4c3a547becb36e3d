package diag

import (
	"fmt"
	"slices"
	"strings"
)

// Suggest returns the known words that word is likeliest to stand for: those
// within a small edit distance, and those that contain it or are contained in
// it. The nearest comes first; at most three are returned.
func Suggest(word string, known []string) []string {
	type near struct {
		word string
		dist int
	}
	var found []near
	low := strings.ToLower(word)
	limit := max(1, len(word)/3)
	for _, k := range known {
		kl := strings.ToLower(k)
		d := distance(low, kl)
		switch {
		case d <= limit:
			found = append(found, near{k, d})
		case len(low) >= 3 && len(kl) >= 3 && (strings.HasPrefix(kl, low) || strings.HasPrefix(low, kl)):
			found = append(found, near{k, limit + 1})
		}
	}
	slices.SortFunc(found, func(a, b near) int {
		if a.dist != b.dist {
			return a.dist - b.dist
		}
		return strings.Compare(a.word, b.word)
	})
	var out []string
	for _, f := range found {
		if !slices.Contains(out, f.word) && len(out) < 3 {
			out = append(out, f.word)
		}
	}
	return out
}

// DidYouMean returns help text for an unknown word: the nearest known words,
// or, if none is near and there are few, all of them.
func DidYouMean(word string, known []string) string {
	if near := Suggest(word, known); len(near) > 0 {
		return "did you mean " + orList(near) + "?"
	}
	if len(known) > 0 && len(known) <= 24 {
		sorted := slices.Sorted(slices.Values(known))
		return "known: " + strings.Join(slices.Compact(sorted), ", ")
	}
	return ""
}

func orList(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = fmt.Sprintf("%q", w)
	}
	if len(quoted) == 1 {
		return quoted[0]
	}
	last := len(quoted) - 1
	return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
}

// distance is the optimal string alignment distance: insertions, deletions,
// substitutions and swaps of neighbours each cost one.
func distance(a, b string) int {
	prev2 := make([]int, len(b)+1)
	prev := make([]int, len(b)+1)
	cur := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}

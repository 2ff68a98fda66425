// Every threshold of predictive echo, with its unit and where it comes from. "Stock" is
// docs/spec/prediction.md §8; "ours" is a choice of this package, with its reason.
#ifndef PREDICT_POLICY_H_
#define PREDICT_POLICY_H_

#include <chrono>
#include <cstddef>

namespace mosh::predict::policy {

using std::chrono::milliseconds;

// Compared with the send interval, which is half the round trip in [20, 250] ms. Stock.
inline constexpr milliseconds kShowBelowOrAt{20};       // at or below: not shown (adaptive)
inline constexpr milliseconds kShowAbove{30};           // above: shown (adaptive)
inline constexpr milliseconds kUnderlineBelowOrAt{50};  // at or below: not underlined
inline constexpr milliseconds kUnderlineAbove{80};      // above: underlined
// Before anything was measured. Stock.
inline constexpr milliseconds kInitialSendInterval{250};

// An answer this late is a glitch: predictions are shown, or underlined as well. Stock.
inline constexpr milliseconds kGlitch{250};
inline constexpr milliseconds kLongGlitch{5000};
// How many quick answers it takes to forget one; underlined while more than kGlitchRepairs are
// left. Stock.
inline constexpr int kGlitchRepairs = 10;
inline constexpr int kLongGlitchRepairs = 20;
// Quick answers closer than this count once. Stock.
inline constexpr milliseconds kRepairInterval{150};

// More octets than this in one read were not typed by hand. Stock.
inline constexpr size_t kPasteOctets = 100;

// Unanswered keys kept. Ours: 30 seconds of fast typing; longer silence is not worth the memory.
inline constexpr size_t kMaxPending = 512;

// So many blanks in a row separate what is being edited from what merely shares the row: a prompt
// at the right edge, the next column of a form. Ours: two blanks occur within sentences.
inline constexpr int kGap = 3;

// Rows at the bottom of an editor that are not text. Ours: nano has 3.
inline constexpr int kMostStatusLines = 5;

// Unanswered keys that are still guessed anew in other ways when a screen refutes them. Ours: more
// are not worth the time; so many are typed in ten seconds.
inline constexpr size_t kMostReconsidered = 64;

// Prompts remembered. Ours: a person uses a handful, and fills in a form or two.
inline constexpr size_t kMaxPrompts = 256;
// Jumps of the cursor remembered. Ours: a key or two on every row.
inline constexpr size_t kMaxJumps = 256;

}  // namespace mosh::predict::policy

#endif  // PREDICT_POLICY_H_

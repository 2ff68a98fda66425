// SGR, "select graphic rendition": parameters to Rendition and back (ECMA-48 §8.3.117, ITU-T T.416,
// xterm ctlseqs).
#ifndef TERM_SGR_H_
#define TERM_SGR_H_

#include <string>

#include "term/rendition.h"
#include "term/sequence.h"

namespace mosh::term {

// Applies `CSI ... m`. An incomplete extended colour ends the sequence; unknown codes are skipped.
// An underline colour (58) is understood and dropped. The same for both dialects: on what a stock
// peer sends it agrees with stock.
void ApplySgr(const Sequence& sequence, Rendition* rendition);

// The parameters that produce `rendition` from anything: "0", "0;1;31", in stock's canonical order
// (docs/spec/terminal.md §7), with the attributes that stock lacks after it.
std::string SgrParameters(const Rendition& rendition);

}  // namespace mosh::term

#endif  // TERM_SGR_H_

// Bytes to characters and controls. In ground, the common things are done here without the parser:
// runs of printable ASCII, well-formed UTF-8, C0 controls and complete simple sequences.
// Everything else, and whatever a chunk cuts in two, goes byte by byte through the decoder and the
// parser, with the same result.
#include <bit>
#include <cstring>

#include "term/decode_multibyte.h"
#include "term/emulator.h"
#include "term/width.h"

namespace mosh::term {
namespace {

static_assert(std::endian::native == std::endian::little, "AsciiRun counts from the low byte");

// Length of the run of 0x20-0x7E at `p`.
int AsciiRun(const uint8_t* p, const uint8_t* end) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHigh = 0x80 * kOnes;
  const uint8_t* q = p;
  while (end - q >= 8) {
    uint64_t word;
    std::memcpy(&word, q, sizeof(word));
    // High bit of each byte that ends the run. Borrows and carries only spoil bytes above the first
    // such byte.
    const uint64_t stop = (word | (word - 0x20 * kOnes) | (word + kOnes)) & kHigh;
    if (stop != 0) return static_cast<int>(q - p) + std::countr_zero(stop) / 8;
    q += 8;
  }
  while (q < end && *q >= 0x20 && *q < 0x7F) ++q;
  return static_cast<int>(q - p);
}

}  // namespace

void Emulator::Feed(absl::string_view bytes) {
  if (bytes.empty()) return;
  ++change_count_;
  constexpr size_t kSlice = 65536;  // Bounds what a single call can intern.
  while (!bytes.empty()) {
    const absl::string_view slice = bytes.substr(0, kSlice);
    const auto* p = reinterpret_cast<const uint8_t*>(slice.data());
    const uint8_t* const end = p + slice.size();
    while (p < end) {
      if (parser_.in_ground() && !utf8_.pending()) p = FeedGround(p, end);
      if (p < end) p = FeedThroughParser(p, end);
    }
    LimitInterner();
    bytes.remove_prefix(slice.size());
  }
}

// Returns where it stopped: at the end, or at something for the parser.
const uint8_t* Emulator::FeedGround(const uint8_t* p, const uint8_t* const end) {
  while (p < end) {
    const uint8_t byte = *p;
    if (byte >= 0x20 && byte < 0x7F) {
      const int run = AsciiRun(p, end);
      PrintAscii(p, run);
      p += run;
    } else if (byte >= 0x80) {
      if (const uint8_t* const after = PrintMixed(p, end); after != p) {
        p = after;
        continue;
      }
      const Decoded decoded = DecodeMultibyte(p, end);
      if (decoded.length == 0 || decoded.code_point < 0xA0) return p;
      p += decoded.length;
      const int width = CodePointWidth(decoded.code_point);
      if (width > 0) {
        PutCharacter(decoded.code_point, width);
      } else if (width == 0) {
        Combine(decoded.code_point);
      }
    } else if (byte == 0x1B) {
      const uint8_t* const after = FeedEscape(p + 1, end);
      if (after == nullptr) return p;
      p = after;
    } else {
      if (byte != 0x7F) Execute(byte);
      ++p;
    }
  }
  return p;
}

// Executes the sequence whose ESC ends at `p` if it is complete, and either one character long or a
// plain control sequence. Returns its end, or nullptr with nothing done.
const uint8_t* Emulator::FeedEscape(const uint8_t* p, const uint8_t* const end) {
  if (p == end) return nullptr;
  Sequence& sequence = parser_.sequence();
  if (*p == '[') {
    // The commonest of all: back to the default rendition.
    if (end - p >= 3 && p[1] == '0' && p[2] == 'm') {
      SetRendition(Rendition());
      return p + 3;
    }
    const uint8_t* const after = sequence.TakePlain(p + 1, end);
    if (after != nullptr) CsiDispatch(sequence);
    return after;
  }
  if (!Parser::EndsEscape(*p)) return nullptr;
  sequence.Clear();
  sequence.Finish(*p);
  EscDispatch(sequence);
  return p + 1;
}

const uint8_t* Emulator::FeedThroughParser(const uint8_t* p, const uint8_t* const end) {
  do {
    const Utf8Decoder::Output output = utf8_.Decode(*p++);
    for (int i = 0; i < output.count; ++i) parser_.Input(output.code_points[i], *this);
  } while (p < end && (utf8_.pending() || !parser_.in_ground()));
  return p;
}

}  // namespace mosh::term

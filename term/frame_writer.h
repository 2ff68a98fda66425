// FrameWriter: the output of one frame, with what is known of the reader's cursor and pen.
//
// Everything written goes through it, so that the next motion or SGR can be the shortest one.
#ifndef TERM_FRAME_WRITER_H_
#define TERM_FRAME_WRITER_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "term/cursor_motion.h"
#include "term/render_options.h"
#include "term/rendition.h"
#include "term/sgr_writer.h"
#include "term/size.h"

namespace mosh::term {

class FrameWriter {
 public:
  // `out` must outlive this.
  FrameWriter(const RenderOptions& options, Size size, std::string* out)
      : size_(size),
        ech_(options.ech || options.target != RenderTarget::kRealTerminal),
        bce_(options.bce || options.target != RenderTarget::kRealTerminal),
        real_(options.target == RenderTarget::kRealTerminal),
        other_widths_(options.target != RenderTarget::kOwnEmulator),
        sgr_style_(options.target == RenderTarget::kRealTerminal ? SgrStyle::kModern
                                                                 : SgrStyle::kStock),
        out_(out) {}

  Size size() const { return size_; }
  bool real() const { return real_; }
  // The reader may have other ideas of width (width_doubt.h).
  bool other_widths() const { return other_widths_; }
  PenPosition position() const { return position_; }
  const Rendition& pen() const { return pen_; }

  void AssumePosition(PenPosition position) { position_ = position; }
  void AssumePen(const Rendition& pen) { pen_ = pen; }

  void MoveTo(int row, int column);
  size_t MotionLength(PenPosition from, PenPosition to) const;
  // What the next printed character shall look like.
  void SetPen(const Rendition& rendition) {
    if (pen_ == rendition) return;
    AppendSgr(pen_, rendition, sgr_style_, out_);
    pen_ = rendition;
  }
  size_t PenLength(const Rendition& rendition) const {
    return pen_ == rendition ? 0 : SgrLength(pen_, rendition, sgr_style_);
  }

  // Whether erasing can leave cells of this rendition: nothing but a background that the reader
  // fills with.
  bool CanErase(const Rendition& blank) const {
    return blank == Rendition() || (bce_ && blank == blank.BackgroundOnly());
  }
  bool ech() const { return ech_; }
  // Makes erased cells come out as `blank` (CanErase).
  void SetErasePen(const Rendition& blank) {
    if (!ErasesLike(blank)) SetPen(blank);
  }
  size_t ErasePenLength(const Rendition& blank) const {
    return ErasesLike(blank) ? 0 : PenLength(blank);
  }

  // Raw bytes that move nothing.
  void Append(absl::string_view bytes) { out_->append(bytes.data(), bytes.size()); }
  // `CSI parameter final`, without the parameter if it is 1.
  void Csi(int parameter, char final);
  // A space, printed `count` times.
  void PrintSpaces(int count) {
    out_->append(count, ' ');
    position_.column += count;
  }
  // Text that takes `columns` columns.
  void Print(const char* text, size_t bytes, int columns) {
    out_->append(text, bytes);
    position_.column += columns;
  }
  std::string* out() { return out_; }
  // `columns` columns were printed to out().
  void Advance(int columns) { position_.column += columns; }
  // `columns` were printed that the reader may count otherwise.
  void AdvanceDoubtfully(int columns);

 private:
  bool ErasesLike(const Rendition& blank) const;

  const Size size_;
  const bool ech_;
  const bool bce_;
  const bool real_;
  const bool other_widths_;
  const SgrStyle sgr_style_;
  std::string* const out_;
  PenPosition position_;
  Rendition pen_;
};

}  // namespace mosh::term

#endif  // TERM_FRAME_WRITER_H_

#include "term/frame_writer.h"

#include "absl/strings/str_cat.h"

namespace mosh::term {

void FrameWriter::MoveTo(int row, int column) {
  const PenPosition to{row, column};
  if (position_ == to) return;
  char motion[kMaxMotion];
  out_->append(motion, WriteMotion(position_, to, size_, !real_, motion));
  position_ = to;
}

size_t FrameWriter::MotionLength(PenPosition from, PenPosition to) const {
  return term::MotionLength(from, to, size_, !real_);
}

void FrameWriter::Csi(int parameter, char final) {
  out_->append("\x1b[");
  if (parameter != 1) absl::StrAppend(out_, parameter);
  out_->push_back(final);
}

void FrameWriter::AdvanceDoubtfully(int columns) {
  // One column more would still be on the row; else the reader may even have wrapped.
  const bool certain_row = position_.column + columns < size_.columns;
  position_.column = PenPosition::kUnknown;
  if (!certain_row) position_.row = PenPosition::kUnknown;
}

bool FrameWriter::ErasesLike(const Rendition& blank) const {
  if (pen_.background() != blank.background()) return false;
  // Emulators of ours and stock erase with the background alone. Of terminals, some apply more.
  return !real_ || (!pen_.has(Attribute::kInverse) && !pen_.has(Attribute::kStrike) &&
                    !pen_.has(Attribute::kOverline) && !pen_.has(Attribute::kBlink) &&
                    pen_.underline() == Underline::kNone);
}

}  // namespace mosh::term

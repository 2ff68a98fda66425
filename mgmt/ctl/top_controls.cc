#include "mgmt/ctl/top_controls.h"

#include <climits>

namespace mosh::mgmt::ctl {
namespace {

void RemoveLastCharacter(std::string& text) {
  while (!text.empty()) {
    const bool continuation = (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80;
    text.pop_back();
    if (!continuation) return;
  }
}

}  // namespace

TopAction TopControls::HandleDraft(const Key& key) {
  switch (key.kind) {
    case Key::kText:
      *draft_ += key.text;
      return TopAction::kNone;
    case Key::kBackspace:
      RemoveLastCharacter(*draft_);
      return TopAction::kNone;
    case Key::kEscape:
    case Key::kInterrupt:
      draft_.reset();
      return TopAction::kNone;
    case Key::kEnter: {
      const bool changed = *draft_ != filter_;
      filter_ = *draft_;
      draft_.reset();
      return changed ? TopAction::kFilter : TopAction::kNone;
    }
    default:
      return TopAction::kNone;
  }
}

TopAction TopControls::HandleText(char c, TopModel& model) {
  switch (c) {
    case 'q':
      return TopAction::kQuit;
    case 'j':
      model.MoveSelection(1);
      break;
    case 'k':
      model.MoveSelection(-1);
      break;
    case 's':
    case '>':
      model.ChangeSortColumn(1);
      break;
    case 'S':
    case '<':
      model.ChangeSortColumn(-1);
      break;
    case 'r':
      model.Reverse();
      break;
    case '/':
      draft_ = filter_;
      break;
    case '?':
    case 'h':
      view_ = view_ == TopView::kHelp ? TopView::kList : TopView::kHelp;
      break;
    default:
      break;
  }
  return TopAction::kNone;
}

TopAction TopControls::Handle(const Key& key, int page, TopModel& model) {
  if (draft_) return HandleDraft(key);
  switch (key.kind) {
    case Key::kText:
      return HandleText(key.text[0], model);
    case Key::kInterrupt:
      return TopAction::kQuit;
    case Key::kEnter:
      view_ = view_ == TopView::kList ? TopView::kDetails : TopView::kList;
      break;
    case Key::kEscape:
      view_ = TopView::kList;
      break;
    case Key::kUp:
      model.MoveSelection(-1);
      break;
    case Key::kDown:
      model.MoveSelection(1);
      break;
    case Key::kPageUp:
      model.MoveSelection(-page);
      break;
    case Key::kPageDown:
      model.MoveSelection(page);
      break;
    case Key::kHome:
      model.MoveSelection(-INT_MAX / 2);
      break;
    case Key::kEnd:
      model.MoveSelection(INT_MAX / 2);
      break;
    case Key::kLeft:
      model.ChangeSortColumn(-1);
      break;
    case Key::kRight:
      model.ChangeSortColumn(1);
      break;
    case Key::kBackspace:
      break;
  }
  return TopAction::kNone;
}

}  // namespace mosh::mgmt::ctl

#include "sim/plan.h"

#include <algorithm>
#include <random>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace mosh::sim {
namespace {

using std::chrono::milliseconds;

// mt19937_64 is the same everywhere; the standard distributions are not.
class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}
  int Below(int bound) { return static_cast<int>(random_() % static_cast<uint64_t>(bound)); }
  int Between(int low, int high) { return low + Below(high - low + 1); }
  bool OneIn(int n) { return Below(n) == 0; }
  double Share(double most) { return most * static_cast<double>(Below(1001)) / 1000; }

 private:
  std::mt19937_64 random_;
};

netem::LinkConditions RandomLink(Dice& dice) {
  netem::LinkConditions link;
  link.delay = milliseconds(dice.OneIn(4) ? 0 : dice.Between(1, dice.OneIn(5) ? 1500 : 200));
  if (dice.OneIn(3)) link.jitter = milliseconds(dice.Between(1, 100));
  if (dice.OneIn(2)) link.loss = dice.Share(0.45);
  if (dice.OneIn(4)) {
    link.burst_enter = dice.Share(0.05);
    link.burst_leave = 0.02 + dice.Share(0.5);
  }
  if (dice.OneIn(3)) link.reorder = dice.Share(0.3);
  if (dice.OneIn(3)) link.duplicate = dice.Share(0.2);
  if (dice.OneIn(4)) link.corrupt = dice.Share(0.1);
  if (dice.OneIn(4)) link.replay = dice.Share(0.1);
  if (dice.OneIn(4)) {
    link.rate_bps = static_cast<uint64_t>(dice.Between(20, 2000)) * 1000;
    link.queue_bytes = static_cast<size_t>(dice.Between(4, 256)) * 1024;
  }
  if (dice.OneIn(8)) link.mtu = static_cast<size_t>(dice.Between(1280, 1500));
  return link;
}

netem::PathConditions RandomPath(Dice& dice) {
  netem::PathConditions path{RandomLink(dice), RandomLink(dice)};
  if (dice.OneIn(4)) path.down = path.up;
  return path;
}

// Text without ESC and without the client's escape key; sometimes wide, sometimes combining.
std::string TypedText(Dice& dice) {
  static constexpr const char* kBits[] = {"a",
                                          "b ",
                                          "ls -l\r",
                                          "x\x7f",
                                          "\xc3\xa9",
                                          "e\xcc\x81",
                                          "\xe4\xb8\xad\xe6\x96\x87",
                                          "\t",
                                          "\x15",
                                          "\xf0\x9f\x98\x80",
                                          "hello world",
                                          "\r"};
  std::string text;
  const int bits = dice.OneIn(60) ? dice.Between(2000, 12000) : dice.Between(1, 4);
  for (int i = 0; i < bits; ++i) text += kBits[dice.Below(std::size(kBits))];
  return text;
}

std::string PrintedText(Dice& dice) {
  std::string text;
  const int pieces = dice.OneIn(6) ? dice.Between(50, 400) : dice.Between(1, 12);
  for (int i = 0; i < pieces; ++i) {
    switch (dice.Below(12)) {
      case 0:
        absl::StrAppend(&text, "\x1b[", dice.Between(1, 40), ";", dice.Between(1, 100), "H");
        break;
      case 1:
        absl::StrAppend(&text, "\x1b[", dice.Between(30, 37), ";", dice.Between(40, 47), "m");
        break;
      case 2:
        absl::StrAppend(&text, "\x1b[38;2;", dice.Below(256), ";", dice.Below(256), ";9;1m");
        break;
      case 3:
        absl::StrAppend(&text, "\x1b[", dice.Below(3), "J");
        break;
      case 4:
        absl::StrAppend(&text, "\x1b[", dice.Below(3), "K");
        break;
      case 5: {
        const int top = dice.Between(1, 10);
        absl::StrAppend(&text, "\x1b[", top, ";", top + dice.Between(2, 12), "r\n\n\x1bM\x1b[r");
        break;
      }
      case 6:
        absl::StrAppend(&text, dice.OneIn(2) ? "\x1b[?1049h" : "\x1b[?1049l");
        break;
      case 7:
        absl::StrAppend(&text, "\x1b]2;title ", dice.Below(9), "\x07");
        break;
      case 8:
        absl::StrAppend(&text, "\x1b[?", dice.OneIn(2) ? "25" : "2004", dice.OneIn(2) ? "h" : "l");
        break;
      case 9:
        absl::StrAppend(&text, "\x1b[0m\xe8\xaa\x9e\xe6\xbc\xa2 wide ", dice.Below(1000),
                        " e\xcc\x81");
        break;
      case 10:
        absl::StrAppend(&text, "\x1b[", dice.Between(1, 5), dice.OneIn(2) ? "L" : "P");
        break;
      default:
        for (int n = dice.Between(1, 6); n > 0; --n)
          absl::StrAppend(&text, "line ", dice.Below(100000), " of output\r\n");
    }
  }
  return text;
}

term::Size RandomSize(Dice& dice) {
  if (dice.OneIn(12)) return {1, 1};
  return {dice.Between(2, 200), dice.Between(2, 60)};
}

Action RandomAction(Dice& dice, milliseconds at) {
  Action action{.at = at, .kind = ActionKind::kType, .text = "", .size = {}, .path = {}};
  const int kind = dice.Below(100);
  if (kind < 70) {
    action.text = TypedText(dice);
  } else if (kind < 86) {
    action.kind = ActionKind::kPrint;
    action.text = PrintedText(dice);
  } else if (kind < 91) {
    action.kind = ActionKind::kResize;
    action.size = RandomSize(dice);
  } else if (kind < 95) {
    action.kind = ActionKind::kRoam;
  } else if (kind < 97) {
    action.kind = ActionKind::kHop;
  } else {
    action.kind = ActionKind::kPathChange;
    action.path = RandomPath(dice);
  }
  return action;
}

std::string ActionText(const Action& action) {
  switch (action.kind) {
    case ActionKind::kType:
      return absl::StrCat("type ", action.text.size(),
                          " bytes: ", absl::CEscape(action.text.substr(0, 40)));
    case ActionKind::kPrint:
      return absl::StrCat("print ", action.text.size(),
                          " bytes: ", absl::CEscape(action.text.substr(0, 60)));
    case ActionKind::kResize:
      return absl::StrCat("resize to ", action.size.columns, "x", action.size.rows);
    case ActionKind::kRoam:
      return "roam";
    case ActionKind::kHop:
      return "the NAT changes the port";
    case ActionKind::kPathChange:
      return absl::StrFormat("path changes: loss %.2f up, %.2f down", action.path.up.loss,
                             action.path.down.loss);
  }
  return "";
}

}  // namespace

Plan MakePlan(uint64_t seed) {
  Dice dice(seed);
  Plan plan;
  plan.path = RandomPath(dice);
  plan.size = dice.OneIn(3) ? term::Size{80, 24} : RandomSize(dice);
  plan.sometimes_slow_program = dice.OneIn(5);
  milliseconds now(300);
  const int pause = dice.Between(20, 900);
  for (int i = dice.Between(5, 60); i > 0; --i) {
    plan.actions.push_back(RandomAction(dice, now));
    now += milliseconds(dice.Between(1, pause));
    if (dice.OneIn(40)) now += milliseconds(dice.Between(1000, 50000));
  }
  if (dice.OneIn(4)) {
    const netem::Blackout dark{
        .start = milliseconds(dice.Between(0, static_cast<int>(now.count()))),
        .length = milliseconds(dice.Between(500, 60000)),
        .period = {}};
    plan.path.up.blackouts.push_back(dark);
    if (!dice.OneIn(3)) plan.path.down.blackouts.push_back(dark);
  }
  plan.trouble_ends = now + milliseconds(dice.Between(0, 3000));
  plan.ending = static_cast<Ending>(dice.Below(5));
  return plan;
}

std::string Describe(const Plan& plan) {
  std::string out = absl::StrFormat(
      "window %dx%d, up: delay %d ms loss %.2f, down: delay %d ms loss %.2f, ending %d\n",
      plan.size.columns, plan.size.rows, plan.path.up.delay.count() / 1000000, plan.path.up.loss,
      plan.path.down.delay.count() / 1000000, plan.path.down.loss, static_cast<int>(plan.ending));
  for (const Action& action : plan.actions) {
    absl::StrAppendFormat(&out, "%8d ms  %s\n", action.at.count(), ActionText(action));
  }
  absl::StrAppendFormat(&out, "%8d ms  the path becomes perfect\n", plan.trouble_ends.count());
  return out;
}

}  // namespace mosh::sim

// The model, the keys and the painter of top together: what a user sees after what he types.
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "mgmt/ctl/keys.h"
#include "mgmt/ctl/testing/sample_sessions.h"
#include "mgmt/ctl/text.h"
#include "mgmt/ctl/top_controls.h"
#include "mgmt/ctl/top_model.h"
#include "mgmt/ctl/top_painter.h"

namespace mosh::mgmt::ctl {
namespace {

namespace fleet = ::mosh::fleet::v1;

fleet::SessionEvent Event(fleet::SessionEvent::Type type, const fleet::Session& session) {
  fleet::SessionEvent event;
  event.set_type(type);
  *event.mutable_session() = session;
  return event;
}

class TopTest : public testing::Test {
 protected:
  TopTest() {
    for (const fleet::Session& session : list_.sessions()) {
      model_.Apply(Event(fleet::SessionEvent::ADDED, session));
    }
    model_.Apply(Event(fleet::SessionEvent::SYNCED, {}));
    surroundings_.now = kSampleTime;
    surroundings_.rows = 8;
  }

  TopAction Type(absl::string_view bytes) {
    TopAction last = TopAction::kNone;
    for (const Key& key : DecodeKeys(bytes)) last = controls_.Handle(key, 4, model_);
    return last;
  }
  std::vector<std::string> Ids() const {
    std::vector<std::string> ids;
    for (const auto* entry : model_.Sorted()) ids.push_back(entry->session.session_id());
    return ids;
  }
  std::string Selected() const {
    const auto sorted = model_.Sorted();
    return sorted[model_.SelectedIndex(sorted)]->session.session_id();
  }
  // Without the first line, which has the local time.
  std::string Picture() const {
    std::vector<std::string> lines = PaintTop(model_, controls_, surroundings_);
    lines.erase(lines.begin());
    return absl::StrJoin(lines, "\n");
  }

  const fleet::ListSessionsResponse list_ = SampleSessions();
  TopModel model_;
  TopControls controls_{""};
  TopSurroundings surroundings_;
};

TEST_F(TopTest, ShowsTheWorstLinksFirst) {
  model_.Sample();
  model_.Sample();
  EXPECT_EQ(Picture(),
            "\n"
            "ID    USER   STATE             RTT▼            LOSS            AGE  TITLE OR COM\n"
            "\033[7mab12  alice  attached        250 ms        ▅▅   12%        ▅▅  2 h  vi "
            "?]0;evil?\033[m\n"
            "cd56  carol  unheard, held    40 ms        ▂▂    0%        ··  1 h  htop -d 5\n"
            "ab34  bob    detached 5 min       -               -            3 d  login shell\n"
            "\n"
            "q quit   ↑↓ choose   Enter details   s sort   r reverse   / filter   ? help");
}

TEST_F(TopTest, WideTerminalsShowClientsToo) {
  surroundings_.columns = 130;
  EXPECT_NE(Picture().find("192.0.2.7:61000 +1"), std::string::npos) << Picture();
}

TEST_F(TopTest, NoLineIsWiderThanTheTerminal) {
  for (int columns : {1, 10, 33, 80, 109, 110, 200}) {
    for (const char* keys : {"", "\r", "\033?", "?/user = \"a very long name\""}) {
      TopControls controls("");
      for (const Key& key : DecodeKeys(keys)) controls.Handle(key, 4, model_);
      surroundings_.columns = columns;
      const auto lines = PaintTop(model_, controls, surroundings_);
      EXPECT_EQ(lines.size(), 8);
      for (std::string line : lines) {
        if (line.starts_with("\033[7m")) line = line.substr(4, line.size() - 7);
        EXPECT_LE(TextWidth(line), columns) << line;
        EXPECT_EQ(line.find('\033'), std::string::npos) << line;
      }
    }
  }
}

TEST_F(TopTest, SortsByTheColumnOfChoice) {
  EXPECT_EQ(Ids(), (std::vector<std::string>{"ab12", "cd56", "ab34"}));
  Type("r");
  EXPECT_EQ(Ids(), (std::vector<std::string>{"ab34", "cd56", "ab12"}));
  Type("ss");  // loss, age
  EXPECT_EQ(model_.sort_column(), TopColumn::kAge);
  EXPECT_EQ(Ids(), (std::vector<std::string>{"ab34", "ab12", "cd56"}));
  Type("\033[C\033OC");  // subject, id
  EXPECT_EQ(model_.sort_column(), TopColumn::kId);
  EXPECT_EQ(Ids(), (std::vector<std::string>{"ab12", "ab34", "cd56"}));
}

TEST_F(TopTest, TheChoiceSticksToItsSession) {
  Type("\033[B");
  EXPECT_EQ(Selected(), "cd56");
  Type("r");
  EXPECT_EQ(Selected(), "cd56");
  Type("\033[B\033[B\033[B");
  EXPECT_EQ(Selected(), "ab12");
  model_.Apply(Event(fleet::SessionEvent::DELETED, list_.sessions(0)));
  EXPECT_EQ(Selected(), "cd56");  // what is at its place, or the last
}

TEST_F(TopTest, ANewSnapshotKeepsTheHistoryOfWhatIsStillThere) {
  model_.Sample();
  model_.BeginSnapshot();
  model_.Apply(Event(fleet::SessionEvent::ADDED, list_.sessions(0)));
  EXPECT_EQ(Ids().size(), 3);
  model_.Apply(Event(fleet::SessionEvent::SYNCED, {}));
  EXPECT_EQ(Ids(), std::vector<std::string>{"ab12"});
  EXPECT_EQ(model_.Sorted()[0]->round_trip_levels.size(), 1);
}

TEST_F(TopTest, KeepsAMinuteOfSamples) {
  for (int i = 0; i < 100; ++i) model_.Sample();
  EXPECT_EQ(model_.Sorted()[0]->loss_levels.size(), TopModel::kSamples);
}

TEST_F(TopTest, FiltersByWhatIsTyped) {
  EXPECT_EQ(Type("/user = \"bob\""), TopAction::kNone);
  EXPECT_NE(Picture().find("filter: user = \"bob\"_\n"), std::string::npos) << Picture();
  EXPECT_EQ(Type("\r"), TopAction::kFilter);
  EXPECT_EQ(controls_.filter(), "user = \"bob\"");
  // Given up, and the same again: nothing changes. A q in it is a letter.
  EXPECT_EQ(Type("/q\033"), TopAction::kNone);
  EXPECT_EQ(Type("/\r"), TopAction::kNone);
  EXPECT_EQ(controls_.filter(), "user = \"bob\"");
  EXPECT_EQ(Type("/\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\r"), TopAction::kFilter);
  EXPECT_EQ(controls_.filter(), "");
}

TEST_F(TopTest, ShowsDetailsAndHelpAndComesBack) {
  Type("\r");
  EXPECT_NE(Picture().find("Session ab12\n"), std::string::npos) << Picture();
  Type("\033");
  EXPECT_EQ(Picture().find("Session ab12\n"), std::string::npos);
  Type("?");
  EXPECT_NE(Picture().find("q, Ctrl-C"), std::string::npos) << Picture();
}

TEST_F(TopTest, EndsByQAndByControlC) {
  EXPECT_EQ(Type("q"), TopAction::kQuit);
  EXPECT_EQ(Type("\x03"), TopAction::kQuit);
  EXPECT_EQ(Type("x\033[99;1~\xff"), TopAction::kNone);
}

TEST_F(TopTest, SaysWhatIsWrong) {
  surroundings_.trouble = "can't reach\n  it\033[2J";
  EXPECT_EQ(Picture().substr(0, Picture().find('\n')), "can't reach   it?[2J");
}

TEST_F(TopTest, NoSessionsAreAnEmptyList) {
  TopModel empty;
  const auto lines = PaintTop(empty, controls_, surroundings_);
  EXPECT_TRUE(lines[0].starts_with("moshctl top   0 sessions: "));
  controls_.Handle({Key::kDown, ""}, 4, empty);
  controls_.Handle({Key::kEnter, ""}, 4, empty);
  EXPECT_EQ(PaintTop(empty, controls_, surroundings_).size(), 8);
}

TEST(DrawLines, ErasesBeforeItWrites) {
  EXPECT_EQ(DrawLines({"a", "b"}), "\033[?2026h\033[H\033[Ka\r\n\033[Kb\033[?2026l");
}

TEST_F(TopTest, NodesAreNamedWhereThereAreSeveral) {
  surroundings_.columns = 100;
  const auto heading = [this] { return PaintTop(model_, controls_, surroundings_)[2]; };
  EXPECT_EQ(heading().find("NODE"), std::string::npos);
  fleet::Session session = list_.sessions(0);
  session.set_name("nodes/n2/sessions/zz99");
  session.set_session_id("zz99");
  model_.Apply(Event(fleet::SessionEvent::ADDED, session));
  EXPECT_NE(heading().find("NODE"), std::string::npos);
  model_.Apply(Event(fleet::SessionEvent::DELETED, session));
  EXPECT_EQ(heading().find("NODE"), std::string::npos);
}

}  // namespace
}  // namespace mosh::mgmt::ctl

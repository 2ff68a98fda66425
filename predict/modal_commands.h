// Letters as commands: vi's, of which many programs have some.
#ifndef PREDICT_MODAL_COMMANDS_H_
#define PREDICT_MODAL_COMMANDS_H_

#include "predict/draft.h"
#include "predict/effect.h"

namespace mosh::predict {

constexpr bool OpensLine(char32_t command) { return command == 'o' || command == 'O'; }
void Command(Draft& draft, char32_t command, Effect& effect);

}  // namespace mosh::predict

#endif  // PREDICT_MODAL_COMMANDS_H_

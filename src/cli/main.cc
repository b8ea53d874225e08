#include <malloc.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstdio>
#include <filesystem>
#include <new>
#include <system_error>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/io/arguments.h"
#include "cli/io/report.h"

namespace temper {
namespace {

constexpr std::string_view kVersion = TEMPER_VERSION;

void say_error(std::string_view text) { fmt::print(stderr, "error: {}\n", text); }

std::string listed_commands() {
  std::vector<std::string_view> names;
  for (const auto& entry : command_table().entries()) names.push_back(entry.name);
  std::ranges::sort(names);
  return fmt::format("{}", fmt::join(names, ", "));
}

ExitCode refuse_command(const std::string& word) {
  std::vector<std::string> names;
  for (const auto& entry : command_table().entries()) names.emplace_back(entry.name);
  const std::string near = nearest_word(word, names);
  say_error(fmt::format("unknown command '{}'. {}This build has {}.", word,
                        near.empty() ? "" : fmt::format("Did you mean '{}'? ", near), listed_commands()));
  return ExitCode::kUserMustAct;
}

/// Runs the command that `arguments` (without the program's name) name.
ExitCode dispatch(std::vector<std::string> arguments) {
  CLI::App app("Makes trained networks run: TensorFlow graphs without TensorFlow.", "temper");
  app.set_version_flag("--version", "temper " + std::string(kVersion), "The version of this build");
  app.set_help_flag("-h,--help", "This text");
  app.require_subcommand(1);
  app.footer(
      "temper COMMAND --help says more, with an example.\nExit codes: 0 done; 1 done, but inputs were skipped or "
      "something is "
      "unsupported;\n2 a file, an option or the machine is not as needed; 3 a defect of temper.\n");
  std::vector<std::pair<CLI::App*, std::unique_ptr<Command>>> commands;
  for (const auto& entry : command_table().entries()) {
    CLI::App* sub = app.add_subcommand(std::string(entry.name), std::string(entry.summary));
    sub->footer("Example:\n  " + std::string(entry.example) + "\n");
    commands.emplace_back(sub, entry.make());
    commands.back().second->declare(*sub);
  }
  if (arguments.empty()) {
    fmt::print(stderr, "{}", app.help());
    return ExitCode::kUserMustAct;
  }
  const std::string& first = arguments.front();
  const bool known =
      std::ranges::any_of(command_table().entries(), [&](const auto& entry) { return entry.name == first; });
  if (!known && !first.starts_with('-')) return refuse_command(first);
  std::ranges::reverse(arguments);  // as CLI11 wants them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::Success& answer) {  // help and version
    app.exit(answer);
    return ExitCode::kDone;
  } catch (const CLI::ParseError& error) {
    const auto used = app.get_subcommands();
    say_error(fmt::format("{} (see temper{}{} --help)", error.what(), used.empty() ? "" : " ",
                          used.empty() ? "" : used.front()->get_name()));
    return ExitCode::kUserMustAct;
  }
  const auto chosen = std::ranges::find_if(commands, [](const auto& command) { return command.first->parsed(); });
  return chosen->second->run();
}

ExitCode run(const std::vector<std::string>& arguments) {
  try {
    const ExitCode code = dispatch(split_json_option(arguments));
    if (std::fflush(stdout) == 0) return code;
    say_error("standard output could not be written");
    return ExitCode::kUserMustAct;
  } catch (const InternalError& error) {
    say_error(fmt::format("{}\nThis is a defect of temper; please report it with the model if you may.", error.what()));
    return ExitCode::kDefect;
  } catch (const Error& error) {
    say_error(error.what());
    return ExitCode::kUserMustAct;
  } catch (const std::bad_alloc&) {
    say_error("the system has not enough memory for this; use a smaller input, a smaller batch, or fewer threads");
    return ExitCode::kUserMustAct;
  } catch (const std::filesystem::filesystem_error& error) {
    say_error(fmt::format("{}: {}", error.path1().string(), error.code().message()));
    return ExitCode::kUserMustAct;
  } catch (const std::system_error& error) {  // standard output, when what it goes to is full
    say_error(error.code().message());
    return ExitCode::kUserMustAct;
  } catch (const std::exception& error) {
    say_error(fmt::format("{}\nThis is a defect of temper; please report it with the model if you may.", error.what()));
    return ExitCode::kDefect;
  }
}

extern "C" void end_on_signal(int signal) {
  remove_partial_files();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

/// OpenMP's threads wait for work by spinning, by default for so long that a second program on the machine slows both down
/// many times over. The library reads its bound before main, so the program starts itself again with one set.
void bound_spinning(char** argv) {
  if (std::getenv("GOMP_SPINCOUNT") != nullptr || std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  constexpr const char* kSpins = "10000";  // about 20 microseconds: from one layer to the next
  if (::setenv("GOMP_SPINCOUNT", kSpins, 1) == 0) ::execv("/proc/self/exe", argv);  // where it fails, all goes on as it was
}

/// Large blocks that are freed go back to the system: glibc otherwise keeps those of any size that it has once seen freed, a decoded picture's.
void give_memory_back() {
#if defined(__GLIBC__)
  ::mallopt(M_MMAP_THRESHOLD, 512 << 10);
#endif
}

}  // namespace
}  // namespace temper

int main(int argc, char** argv) {
  temper::bound_spinning(argv);
  temper::give_memory_back();
  temper::baseline_resident_bytes();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    if (std::signal(signal, temper::end_on_signal) == SIG_IGN) std::signal(signal, SIG_IGN);  // as nohup wants it
  }
  std::signal(SIGPIPE, SIG_DFL);  // a reader that has seen enough ends the program, without words
  return static_cast<int>(temper::run({argv + 1, argv + argc}));
}

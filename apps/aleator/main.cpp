// The command line of Aleator: reads what the user typed, calls one function of campaign/commands.hpp (or deck/describe.hpp)
// and turns errors into exit codes: 0 done, 2 the deck or the data is wrong, 3 the numerics failed (or bench missed a known
// answer, or calibrate found a problem or sampler that is not calibrated), 4 a bug of ours.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <new>
#include <thread>

#include "build_information.hpp"
#include "campaign/bench/bench.hpp"
#include "campaign/commands.hpp"
#include "campaign/register_all.hpp"
#include "campaign/serve.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "deck/describe.hpp"
#include "io/files.hpp"
#include "math/blas.hpp"
#include "parallel/session.hpp"

namespace {

using namespace aleator;

struct Arguments {
  std::string deck, folder, out, at, component;
  std::vector<std::string> overrides, only;
  std::string command_line;
  campaign::ServeRequest serve;
  int exit_code = 0;
};

int report_error(const char* text, int code, core::LogLevel level = core::LogLevel::error) {
  core::set_status_line("");
  core::log_line(level, text);
  return code;
}

int report_user_error(const core::UserError& error) {
  const bool is_reported =
      dynamic_cast<const deck::ReportedError*>(&error) != nullptr;  // says "error" and the place itself
  return report_error(error.what(), 2, is_reported ? core::LogLevel::info : core::LogLevel::error);
}

int report_lost_output() {
  return report_error(
      "the standard output cannot be written (a full disk, or a reader that has gone); what is there is cut short", 2);
}

// An error that was shown already: only its exit code is left.
struct Shown {
  int exit_code;
};

// What an error that nobody foresaw says: memory that is not there, usually.
std::string words_of(const std::exception& error) {
  const std::string what = error.what();
  const bool is_memory = dynamic_cast<const std::bad_alloc*>(&error) != nullptr ||
                         what.find("failed to allocate memory") != std::string::npos ||
                         what.find("bad_alloc") != std::string::npos;
  return is_memory ? "not enough memory for this run: fewer chains, draws, particles or members, a coarser mesh, or "
                     "more ranks (on more nodes) take less of it; files are as at the last checkpoint"
                   : what;
}

// Work that needs ranks. User errors are agreed on by all ranks, and rank 0 shows them; any other may have happened on one
// rank alone, and the others, waiting for it, must be ended.
void with_ranks(int argc, char** argv, const std::function<void(const parallel::Comm&)>& work) {
  parallel::settle_environment(argv, math::better_blas_kernels());
  const parallel::Session session(argc, argv);
  const parallel::Comm world = parallel::Comm::world();
  try {
    work(world);
  } catch (const core::UserError& error) {
    if (world.size() == 1) throw;
    const int exit_code = report_user_error(error);
    world.barrier();  // mpirun ends all other ranks with the first that fails: the message must be out by then
    throw Shown{exit_code};
  } catch (const std::exception& error) {
    if (world.size() == 1) throw;
    const bool is_numerics = dynamic_cast<const core::NumericsError*>(&error) != nullptr;
    // An error of all ranks is shown by the first of them: it has ended the others by then.
    std::this_thread::sleep_for(std::chrono::milliseconds(world.is_root() ? 0 : 300 + 20 * std::min(world.rank(), 50)));
    parallel::end_all_ranks(fmt::format("rank {}: {}", world.rank(), words_of(error)), is_numerics ? 3 : 4);
  }
}

// What the parsed command will do; main runs it inside its error handling.
using Work = std::function<void()>;

// Whether a launcher of MPI started this process beside a first one, which does what takes no ranks for all of them.
bool is_a_follower() {
  for (const char* const name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"})
    if (const char* const rank = std::getenv(name); rank != nullptr && std::atoi(rank) > 0) return true;
  return false;
}

Work once(const Work& work) {
  return [work] {
    if (!is_a_follower()) work();
  };
}

void with_kokkos(const std::function<void()>& work) {
  const parallel::LocalSession session;
  work();
}

void write_reference(const std::string& folder) {
  for (const auto& [name, text] : deck::reference_pages(campaign::register_all())) {
    const std::string path = folder + "/" + name;
    io::make_directory(path.substr(0, path.rfind('/')));
    io::atomic_write_text(path, text);
  }
}

void add_overrides(CLI::App* command, Arguments& a) {
  command->add_option("--set", a.overrides, "Replace a value of the deck: kind.name.key=value (repeatable)")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

void choose(CLI::App* command, Work& chosen, Work work) {
  command->callback([work, &chosen] { chosen = work; });
}

// Commands that compute, on any number of ranks.
void add_computing_commands(CLI::App& app, Arguments& a, Work& chosen, int argc, char** argv) {
  CLI::App* run = app.add_subcommand("run", "Run the jobs of a deck");
  run->add_option("DECK", a.deck, "The deck, a TOML file")->required();
  run->add_option("--out", a.folder,
                  "Run folder, new or empty (default: runs/<deck name>, or with -2, -3, ... where that exists)")
      ->type_name("DIR");
  add_overrides(run, a);
  run->footer(
      "Examples:\n  aleator run input/aristoff_bangerth/quickstart.toml\n  mpirun -n 4 aleator run deck.toml --set "
      "sampler.mala.draws=500 --out runs/short");
  choose(run, chosen, [&a, argc, argv] {
    with_ranks(argc, argv, [&a](const parallel::Comm& comm) {
      campaign::run(comm, {a.deck, a.overrides, a.folder, a.command_line});
    });
  });

  CLI::App* resume = app.add_subcommand("resume", "Go on with a run that was stopped, to the same bits");
  resume->add_option("DIR", a.folder, "The run folder")->required();
  add_overrides(resume, a);
  resume->footer(
      "Example:\n  mpirun -n 2 aleator resume runs/quickstart\nThe number of ranks may differ from that of the first "
      "part.");
  choose(resume, chosen, [&a, argc, argv] {
    with_ranks(argc, argv, [&a](const parallel::Comm& comm) {
      a.exit_code = campaign::resume(comm, a.folder, a.overrides, a.command_line) ? 0 : 3;
    });
  });

  CLI::App* evaluate =
      app.add_subcommand("evaluate", "Log-likelihood, log-prior and outputs at given parameters, as CSV");
  evaluate->add_option("DECK", a.deck, "The deck")->required();
  evaluate->add_option("--at", a.at, "Table of parameters, one row for each evaluation")->required()->type_name("FILE");
  evaluate->add_option("--out", a.out, "Write the CSV here instead of on the terminal")->type_name("FILE");
  add_overrides(evaluate, a);
  evaluate->footer(
      "Example:\n  aleator evaluate input/aristoff_bangerth/forward.toml --at "
      "input/aristoff_bangerth/forward_checks.txt");
  choose(evaluate, chosen, [&a, argc, argv] {
    with_ranks(argc, argv,
               [&a](const parallel::Comm& comm) { campaign::evaluate(comm, a.deck, a.overrides, a.at, a.out); });
  });
}

void add_serve_command(CLI::App& app, Arguments& a, Work& chosen, int argc, char** argv) {
  CLI::App* serve =
      app.add_subcommand("serve", "Serve a deck's models and problems to other programs (UM-Bridge protocol)");
  serve->add_option("DECK", a.serve.deck, "The deck")->required();
  serve->add_option("--port", a.serve.port, "Port to listen on; 0: any free one")
      ->capture_default_str()
      ->check(CLI::Range(0, 65535));
  serve
      ->add_option("--host", a.serve.host,
                   "Address to listen on; 0.0.0.0: to the whole network, without any protection")
      ->capture_default_str();
  serve->add_option("--model", a.serve.model, "One model or problem alone (default: all)")->type_name("NAME");
  add_overrides(serve, a);
  serve->footer(
      "Example:\n  aleator serve input/lotka_volterra/posterior.toml --port 4242\nStopped by Ctrl-C or SIGTERM; "
      "requests under way are answered first.");
  choose(serve, chosen, [&a, argc, argv] {
    with_ranks(argc, argv, [&a](const parallel::Comm& comm) {
      a.serve.overrides = a.overrides;
      campaign::serve(comm, a.serve);
    });
  });
}

// Commands that test the program and its decks: exit code 3 where they find them wrong.
void add_testing_commands(CLI::App& app, Arguments& a, Work& chosen, int argc, char** argv) {
  CLI::App* bench = app.add_subcommand("bench", "Run problems with known answers and compare");
  bench->add_option("FOLDER", a.deck, "Folder of the problems (default: input/benchmarks)");
  bench->add_option("--only", a.only, "These problems only")->type_name("NAME");
  bench->add_option("--out", a.folder, "Folder for the runs, new or empty (default: runs/bench, or runs/bench-2, ...)")
      ->type_name("DIR");
  bench->footer(
      "Examples:\n  aleator bench\n  mpirun -n 2 aleator bench --only shells_2 ar1 --out runs/two\n"
      "Exit code 0: every value lies within its tolerance; 3: some do not, or a deck failed.");
  choose(bench, chosen, [&a, argc, argv] {
    with_ranks(argc, argv, [&a](const parallel::Comm& comm) {
      const campaign::BenchResult result =
          campaign::bench(comm, {a.deck.empty() ? "input/benchmarks" : a.deck, a.only, a.folder, a.command_line});
      if (comm.is_root()) fmt::print("{}", result.text);
      a.exit_code = result.passes ? 0 : 3;
    });
  });
}

void add_calibrate(CLI::App& app, Arguments& a, Work& chosen, int argc, char** argv) {
  CLI::App* calibrate = app.add_subcommand("calibrate", "Is the posterior right for data the model itself makes?");
  calibrate
      ->add_option("DECK", a.deck, "A deck with job/calibrate, or with job/sample whose problem and sampler are taken")
      ->required();
  calibrate->add_option("--out", a.folder, "Run folder, new or empty (default: runs/<deck name>-calibration)")
      ->type_name("DIR");
  add_overrides(calibrate, a);
  calibrate->footer(
      "Example:\n  aleator calibrate deck.toml --set job.calibration.simulations=100 --set sampler.hmc.draws=200\n"
      "Exit code 0: calibrated; 3: not. A run that was stopped goes on with aleator resume DIR.");
  choose(calibrate, chosen, [&a, argc, argv] {
    with_ranks(argc, argv, [&a](const parallel::Comm& comm) {
      a.exit_code = campaign::calibrate(comm, {a.deck, a.overrides, a.folder, a.command_line}) ? 0 : 3;
    });
  });
}

// Commands that read a deck, a run folder or the menu on one process; `check` starts Kokkos alone, the menu nothing.
void add_reading_commands(CLI::App& app, Arguments& a, Work& chosen) {
  CLI::App* check = app.add_subcommand("check", "Find every fault of a deck without running it");
  check->add_option("DECK", a.deck, "The deck")->required();
  add_overrides(check, a);
  check->footer("Example:\n  aleator check deck.toml --set sampler.mala.chains=128");
  choose(check, chosen,
         once([&a] { with_kokkos([&a] { fmt::print("{}", campaign::check_deck(a.deck, a.overrides)); }); }));

  CLI::App* report = app.add_subcommand("report", "Draw the report of a run folder anew");
  report->add_option("DIR", a.folder, "The run folder")->required();
  add_overrides(report, a);
  report->footer(
      "Examples:\n  aleator report runs/quickstart\n  aleator report runs/quickstart --set "
      "'job.posterior.pairs=[[\"theta[0]\", \"theta[9]\"]]'\nThe run must be finished; see "
      "runs/quickstart/report/index.html.");
  choose(report, chosen, once([&a] { with_kokkos([&a] { campaign::draw_report(a.folder, a.overrides); }); }));

  CLI::App* list = app.add_subcommand("list", "The components a deck can use");
  list->footer("Example:\n  aleator list\n  aleator describe sampler/smc        then shows the keys of one of them");
  choose(list, chosen, once([] { fmt::print("{}", deck::list_text(campaign::register_all())); }));

  CLI::App* describe = app.add_subcommand("describe", "The keys of a component, with defaults");
  describe->add_option("COMPONENT", a.component, "A name that 'aleator list' shows; 'run' for the settings")
      ->required();
  describe->footer("Examples:\n  aleator describe sampler/mala\n  aleator describe run");
  choose(describe, chosen, once([&a] {
           const deck::Registry registry = campaign::register_all();
           fmt::print("{}", deck::describe_text(deck::component_or_throw(registry, a.component)));
         }));

  CLI::App* schema = app.add_subcommand("schema", "JSON schema of decks, for editors");
  schema->footer(
      "Example:\n  aleator schema > aleator.schema.json      and name that file in the editor's TOML settings");
  choose(schema, chosen, once([] { fmt::print("{}\n", deck::json_schema(campaign::register_all())); }));

  CLI::App* reference = app.add_subcommand("reference", "Write the reference pages (docs/reference)")->group("");
  reference->add_option("DIR", a.folder, "Folder for the pages")->required();
  choose(reference, chosen, once([&a] { write_reference(a.folder); }));
}

// The first word when it names no command, or empty.
std::string unknown_command(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return {};
  for (const CLI::App* command : app.get_subcommands(nullptr))
    if (command->get_name() == argv[1]) return {};
  return argv[1];
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Aleator: Bayesian inversion and uncertainty quantification of PDE models, from input decks", "aleator");
  Arguments arguments;
  for (int i = 0; i < argc; ++i)
    arguments.command_line += (i == 0 ? "" : " ") + std::string(i == 0 ? "aleator" : argv[i]);
  app.require_subcommand(1);
  app.set_version_flag("--version", build_information);
  app.footer(
      "Examples:\n  aleator run input/aristoff_bangerth/quickstart.toml\n  aleator check deck.toml\n  aleator describe "
      "sampler/mala\n"
      "Help on a command:  aleator run --help");
  Work chosen;
  add_computing_commands(app, arguments, chosen, argc, argv);
  add_serve_command(app, arguments, chosen, argc, argv);
  add_testing_commands(app, arguments, chosen, argc, argv);
  add_calibrate(app, arguments, chosen, argc, argv);
  add_reading_commands(app, arguments, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (is_a_follower())
      return 0;  // the first process says it; a launcher would end that one with the first that fails
    if (const std::string word = unknown_command(app, argc, argv); !word.empty())
      return report_error(fmt::format("there is no command '{}'; all commands: aleator --help", word).c_str(), 2);
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    chosen();
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) return report_lost_output();
    if (arguments.serve.deck.empty()) parallel::end_by_interrupt();
    return arguments.exit_code;
  } catch (const Shown& shown) {
    return shown.exit_code;
  } catch (const core::UserError& error) {
    return report_user_error(error);
  } catch (const core::NumericsError& error) {
    return report_error(error.what(), 3);
  } catch (const std::exception& error) {
    if (std::ferror(stdout) != 0) return report_lost_output();
    return report_error(words_of(error).c_str(), 4);
  }
}

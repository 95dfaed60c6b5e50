// What it costs that a model lives outside: UM-Bridge requests against a bare exchange of the same bytes, the occupancy of
// eight servers of 20 ms, and a plugin of 1 ms.
//   OMP_PROC_BIND=false OMP_NUM_THREADS=2 bench_external
#include <Kokkos_Core.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <thread>
#include <vector>

#include "external/http/server.hpp"
#include "external/plugin/plugin_model.hpp"
#include "external/umbridge/client.hpp"

namespace {

using namespace aleator;
using external::HttpReply;
using external::HttpRequest;
using external::HttpServer;
using external::UmbridgeModel;

double seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

std::string reply_of(int outputs) {
  std::string text = "{\"output\":[[0.333333333333333314";
  for (int i = 1; i < outputs; ++i) text += ",0.14285714285714285";
  return text + "]]}";
}

kernels::Batch points(int rows, int inputs) {
  kernels::Batch u("u", rows, inputs);
  for (int row = 0; row < rows; ++row)
    for (int k = 0; k < inputs; ++k) u(row, k) = 1.0 / (3.0 + k + row);
  return u;
}

UmbridgeModel model_at(const std::vector<std::string>& urls, int inputs, int outputs) {
  UmbridgeModel::Params params;
  params.urls = urls;
  return {params, {"forward", {inputs}, {outputs}, false, false}};
}

// One row at a time, against write and read of the same bytes on a socket of the same kind, in turns.
void measure_requests(int inputs, int outputs) {
  std::string last_body;
  const std::string reply = reply_of(outputs);
  HttpServer server("127.0.0.1", 0, [&](const HttpRequest& request) {
    if (last_body.empty()) last_body = request.body;
    return HttpReply{200, reply};
  });
  const std::string url = "http://127.0.0.1:" + std::to_string(server.port());
  const UmbridgeModel model = model_at({url}, inputs, outputs);
  const kernels::Batch u = points(1, inputs), y("y", 1, outputs);
  model.evaluate(u, y);
  external::HttpClient bare(external::parse_url(url), {});
  std::vector<double> with_model, without;
  for (int i = 0; i < 4000; ++i) {
    with_model.push_back(seconds([&] { model.evaluate(u, y); }));
    without.push_back(seconds([&] { bare.request("/Evaluate", &last_body); }));
  }
  const double mine = median(with_model) * 1e6, theirs = median(without) * 1e6;
  std::printf(
      "umbridge, %4d inputs, %4d outputs: %6.1f us a row, bare HTTP exchange of the same bytes %6.1f us, own %5.1f "
      "us\n",
      inputs, outputs, mine, theirs, mine - theirs);
}

// Busy: from the moment a server has read a request to the moment it hands out the reply, as the servers themselves see it.
void measure_pool() {
  constexpr int servers = 8, rows = 400;
  std::atomic<double> busy{0.0};
  std::vector<std::unique_ptr<HttpServer>> pool;
  std::vector<std::string> urls;
  for (int i = 0; i < servers; ++i) {
    pool.push_back(std::make_unique<HttpServer>("127.0.0.1", 0, [&busy, reply = reply_of(10)](const HttpRequest&) {
      const double time = seconds([] { std::this_thread::sleep_for(std::chrono::milliseconds(20)); });
      for (double before = busy; !busy.compare_exchange_weak(before, before + time);) {
      }
      return HttpReply{200, reply};
    }));
    urls.push_back("http://127.0.0.1:" + std::to_string(pool.back()->port()));
  }
  const UmbridgeModel model = model_at(urls, 10, 10);
  const kernels::Batch u = points(rows, 10), y("y", rows, 10);
  for (int repeat = 0; repeat < 5; ++repeat) {
    busy = 0.0;
    const double wall = seconds([&] { model.evaluate(u, y); });
    std::printf("pool of %d servers of 20 ms, %d rows: %.3f s, busy %.1f %% of the time\n", servers, rows, wall,
                100.0 * busy / (servers * wall));
  }
}

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// In time of the processor, the plugin's too: other work on the machine does not count.
void measure_plugin(const std::string& folder) {
  external::PluginModel::Params params;
  params.library.path = folder + "/plugin_spin.so";
  std::ifstream file(params.library.path, std::ios::binary);
  params.library.text.assign(std::istreambuf_iterator<char>(file), {});
  const int threads = kernels::HostExec().concurrency();
  for (const double microseconds : {0.0, 1000.0}) {
    params.config.text = "{\"microseconds\": " + std::to_string(microseconds) + "}";
    const external::PluginModel model(params);
    const auto own = [&](int rows, int repeats) {
      const kernels::Batch u = points(rows, 10), y("y", rows, 10);
      model.evaluate(u, y);
      const double start = processor_seconds();
      for (int repeat = 0; repeat < repeats; ++repeat) model.evaluate(u, y);
      return (processor_seconds() - start) / (rows * repeats) * 1e6 - microseconds;
    };
    const int rows = microseconds > 0.0 ? 400 : 100000, repeats = microseconds > 0.0 ? 3 : 10;
    std::printf("plugin of %4.0f us, %d thread(s): own %.3f us a row in batches of %d, %.3f us for a row alone\n",
                microseconds, threads, own(rows, repeats), rows, own(1, rows * repeats));
  }
}

}  // namespace

int main(int argc, char** argv) {
  Kokkos::initialize(argc, argv);
  measure_requests(10, 10);
  measure_requests(1000, 1000);
  measure_pool();
  measure_plugin(std::filesystem::path(argv[0]).parent_path().string());
  Kokkos::finalize();
}

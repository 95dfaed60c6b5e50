# NUTS of Stan (rstan) on the problems of input/benchmarks/{ar1,eight_schools,hierarchical_logistic}, to measure ours beside it.
# One line a problem: microseconds a leapfrog of the sampling phase, smallest bulk ESS a leapfrog and a second of sampling; medians of the runs.
#   Rscript tests/bench/nuts_stan.R [runs] [problem ...]       needs r-cran-rstan
suppressMessages(library(rstan))
arguments <- commandArgs(TRUE)
runs <- if (length(arguments) > 0) as.integer(arguments[1]) else 3
wanted <- arguments[-1]

series <- "data { int D; } parameters { vector[D] x; }
model { x[1] ~ normal(0, 1); x[2:D] ~ normal(0.9 * x[1:(D - 1)], sqrt(0.19)); }"
schools <- "data { int J; vector[J] y; vector[J] sigma; }
parameters { real mu; real<lower=0> tau; vector[J] z; }
model { mu ~ normal(0, 5); tau ~ cauchy(0, 5); z ~ std_normal(); y ~ normal(mu + tau * z, sigma); }"
logistic <- "data { int N; int G; int P; int y[N]; int g[N]; matrix[N, P] X; }
parameters { vector[G] z; real mu; real<lower=0> tau; vector[P] beta; }
model { z ~ std_normal(); mu ~ std_normal(); tau ~ std_normal(); beta ~ std_normal();
  y ~ bernoulli_logit_glm(X, mu + tau * z[g], beta); }"

table <- read.csv("input/benchmarks/hierarchical_logistic/data.csv", comment.char = "#")
problems <- list(
  ar1 = list(code = series, data = list(D = 250L)),
  eight_schools = list(code = schools, data = list(J = 8L, y = c(28, 8, -3, 7, -1, 1, 18, 12), sigma = c(15, 10, 16, 11, 9, 11, 10, 18))),
  hierarchical_logistic = list(code = logistic, data = list(N = nrow(table), G = 50L, P = 5L, y = as.integer(table$y),
    g = as.integer(table$group) + 1L, X = as.matrix(table[, c("x0", "x1", "x2", "x3", "x4")]))))

for (name in if (length(wanted) > 0) wanted else names(problems)) {
  model <- stan_model(model_code = problems[[name]]$code, boost_lib = "/usr/include")
  rows <- sapply(seq_len(runs), function(seed) {
    fit <- sampling(model, data = problems[[name]]$data, chains = 1, iter = 2000, warmup = 1000, seed = seed, refresh = 0)
    seconds <- get_elapsed_time(fit)[1, ]
    leapfrogs <- sum(get_sampler_params(fit, inc_warmup = FALSE)[[1]][, "n_leapfrog__"])
    draws <- as.array(fit)
    ess <- min(apply(draws[, , -dim(draws)[3], drop = FALSE], 3, ess_bulk))
    c(1e6 * seconds[2] / leapfrogs, ess / leapfrogs, ess / seconds[2], ess / sum(seconds))
  })
  middle <- apply(rows, 1, median)
  cat(sprintf("%s: %.2f us a leapfrog, %.4f ESS a leapfrog, %.0f ESS a second of sampling, %.0f with the warm-up (rstan %s, %d runs)\n",
    name, middle[1], middle[2], middle[3], middle[4], packageVersion("rstan"), runs))
}

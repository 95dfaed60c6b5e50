# `aleator serve` and `model/umbridge` speak the same protocol: a run through a server has the bits of a run without one, on
# any number of ranks and servers; servers that misbehave are named with the place in the deck; Python's umbridge agrees.
. "$(dirname "$0")/_lib.sh"
command -v python3 >/dev/null || skip "there is no python3"
servers=()
# serve LOG COMMAND...: starts a server and waits for its address, which goes into $url.
serve() {
  local log=$1 tries=0
  shift
  "$@" >"$log" 2>&1 &
  servers+=($!)
  until url=$(grep -oE "http://127.0.0.1:[0-9]+" "$log" | head -1) && [ -n "$url" ]; do
    sleep 0.05
    tries=$((tries + 1))
    [ $tries -lt 400 ] || fail "no server: $(cat "$log")"
  done
}
end_servers() { for process in "${servers[@]}"; do kill -TERM "$process" 2>/dev/null; done; }
trap 'end_servers; rm -rf "$scratch"' EXIT

cat >line.toml <<'END'
[model.line]
type = "model/linear"
matrix = "matrix.txt"
END
printf '1 2\n3 4\n5 6.5\n' >matrix.txt
printf '1 2 3\n' >data.txt
serve one.log "$ALEATOR" serve line.toml --port 0
one=$url
serve two.log "$ALEATOR" serve line.toml --port 0 --model line
two=$url
problem() { # problem MODEL: the rest of a deck around it
  cat <<END
$1
[prior.u]
type = "prior/normal"
dimension = 2
[likelihood.noise]
type = "likelihood/gaussian"
data = "data.txt"
sd = 0.5
[problem.posterior]
type = "problem/bayes"
model = "line"
prior = "u"
likelihood = "noise"
[sampler.chains]
type = "sampler/mala"
chains = 6
warmup = 30
draws = 30
[job.run]
type = "job/sample"
problem = "posterior"
sampler = "chains"
END
}
problem "$(cat line.toml)" >direct.toml
problem "[model.line]
type = \"model/umbridge\"
urls = [\"$one\", \"$two\"]
name = \"line\"
slots = 2" >remote.toml
expect 0 "$ALEATOR" check remote.toml
says "2 parameters, 3 data, with gradient"
expect 0 "$ALEATOR" run direct.toml --out direct
expect 0 "$ALEATOR" run remote.toml --out remote
same_results direct remote "through two servers"
expect 0 on 2 "$ALEATOR" run remote.toml --out ranks
same_results direct ranks "through two servers, on 2 ranks"

# The posterior of a deck, served; then everything by the public Python client, where it is installed.
serve three.log "$ALEATOR" serve direct.toml --port 0
cat >ask.py <<'END'
import json, math, sys, urllib.error, urllib.request
def post(path, body):
    request = urllib.request.Request(sys.argv[1] + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
def refused(path, status, kind, **body):
    got = post(path, body)
    assert got[0] == status and got[1]["error"]["type"] == kind and got[1]["error"]["message"], got
info = json.load(urllib.request.urlopen(sys.argv[1] + "/Info"))
assert info == {"protocolVersion": 1.0, "models": ["line", "posterior", "posterior.latent"]}, info
z, rows, data = [0.3, -0.7], [[1, 2], [3, 4], [5, 6.5]], [1, 2, 3]
y = [sum(a * u for a, u in zip(row, z)) for row in rows]
residual = [d - v for d, v in zip(data, y)]
# log N(d; A z, 0.25 I) + log N(z; 0, I), and its gradient A^T (d - A z) / 0.25 - z
value = -sum(r * r for r in residual) / 0.5 - 3 * math.log(0.5 * math.sqrt(2 * math.pi)) - (z[0] ** 2 + z[1] ** 2) / 2 - math.log(2 * math.pi)
slope = [sum(rows[i][k] * residual[i] for i in range(3)) / 0.25 - z[k] for k in range(2)]
for name in ("posterior", "posterior.latent"):  # the prior is N(0, I): the same density
    got = post("/Evaluate", {"name": name, "input": [z], "config": {}})[1]["output"]
    assert abs(got[0][0] - value) < 1e-12 * abs(value), (got, value)
for name in ("posterior", "posterior.latent"):
    got = post("/Gradient", {"name": name, "input": [z], "outWrt": 0, "inWrt": 0, "sens": [2.0]})[1]["output"]
    assert all(abs(a - 2 * b) < 1e-11 * abs(b) for a, b in zip(got, slope)), (got, slope)
    # The Hessian is -(A^T A / 0.25 + I), exact for differences of a linear gradient.
    v = [0.5, -2.0]
    got = post("/ApplyHessian", {"name": name, "input": [z], "outWrt": 0, "inWrt1": 0, "inWrt2": 0, "sens": [2.0], "vec": v})[1]["output"]
    hessian = [[-sum(row[i] * row[j] for row in rows) / 0.25 - (i == j) for j in range(2)] for i in range(2)]
    expected = [2 * sum(h * x for h, x in zip(row, v)) for row in hessian]
    assert all(abs(a - b) < 1e-8 * abs(b) for a, b in zip(got, expected)), (got, expected)
assert post("/ApplyHessian", {"name": "line", "input": [z], "outWrt": 0, "inWrt1": 0, "inWrt2": 0, "sens": [1, 1, 1], "vec": [0, 0]})[1] == {"output": [0.0, 0.0]}
assert post("/ApplyJacobian", {"name": "line", "input": [z], "outWrt": 0, "inWrt": 0, "vec": [1, 0]})[1] == {"output": [1.0, 3.0, 5.0]}
refused("/Evaluate", 400, "ModelNotFound", name="curve")
refused("/ApplyJacobian", 400, "UnsupportedFeature", name="posterior")
refused("/ApplyHessian", 400, "InvalidInput", name="line", input=[z], outWrt=0, inWrt1=0, inWrt2=1, sens=[1, 1, 1], vec=[0, 0])
refused("/Evaluate", 400, "InvalidInput", name="line", input=[[1.0]])
refused("/Evaluate", 400, "InvalidInput", name="line", input=[[1.0, "2"]])
refused("/Evaluate", 400, "InvalidInput", name="line", input=[z], config={"level": 1})
refused("/Gradient", 400, "InvalidInput", name="line", input=[z], outWrt=1, inWrt=0, sens=[1, 1, 1])
refused("/Gradient", 400, "InvalidInput", name="line", input=[z], outWrt=0, inWrt=0, sens=[1])
refused("/Evaluates", 404, "InvalidInput", name="line")
END
expect 0 python3 ask.py "$url"
# A density of somebody else's: log_likelihood is what the server says, -inf outside its support is no failure.
problem "[model.line]
type = \"model/umbridge\"
urls = [\"$url\"]
name = \"posterior\"" | sed -e 's|likelihood/gaussian|likelihood/log_density|' -e '/^data =/d' -e '/^sd =/d' >density.toml
printf '0.3 -0.7\n' >at.txt
expect 0 "$ALEATOR" evaluate density.toml --at at.txt
density=$(sed -n 2p said | cut -d, -f3)
expect 0 "$ALEATOR" evaluate direct.toml --at at.txt
[ "$density" = "$(sed -n 2p said | cut -d, -f5)" ] || fail "the density served, $density, is not that of the deck"
# Laplace's approximation by the server's ApplyHessian, the prior counted twice: precision A^T A / 0.25 + 2 I.
sed -e 's|sampler/mala|sampler/laplace|' -e 's|^draws = .*|members = 20000|' -e '/^chains =/d' -e '/^warmup =/d' density.toml >laplace.toml
expect 0 "$ALEATOR" run laplace.toml --out laplace
expect 0 python3 -c "
import json
rows, data = [[1, 2], [3, 4], [5, 6.5]], [1, 2, 3]
a, b, c = (sum(r[i] * r[j] for r in rows) / 0.25 + 2 * (i == j) for i, j in ((0, 0), (0, 1), (1, 1)))
right = [sum(r[i] * d for r, d in zip(rows, data)) / 0.25 for i in (0, 1)]
determinant = a * c - b * b
mean = [(c * right[0] - b * right[1]) / determinant, (a * right[1] - b * right[0]) / determinant]
sd = [(c / determinant) ** 0.5, (a / determinant) ** 0.5]
found = list(json.load(open('laplace/summary.json'))['parameters'].values())
for k in (0, 1):
    assert abs(found[k]['mean'] - mean[k]) < 0.05 * sd[k] and abs(found[k]['sd'] / sd[k] - 1) < 0.03, (found, mean, sd)
"
# Outside the support: minus infinity, as Python writes it.
sed -e 's|prior/normal|prior/uniform|' direct.toml >bounded.toml
serve four.log "$ALEATOR" serve bounded.toml --port 0 --model posterior
expect 0 python3 -c "
import json, sys, urllib.request
question = json.dumps({'name': 'posterior', 'input': [[0.5, 1.5]]}).encode()
with urllib.request.urlopen(sys.argv[1] + '/Evaluate', question) as reply:
    assert json.load(reply) == {'output': [[-float('inf')]]}
" "$url"
url=$(grep -oE "http://127.0.0.1:[0-9]+" three.log | head -1)
if python3 -c "import umbridge" 2>/dev/null; then
  expect 0 python3 -c "
import sys, umbridge
model = umbridge.HTTPModel(sys.argv[1], 'line')
assert model.get_input_sizes() == [2] and model.get_output_sizes() == [3] and model.supports_gradient()
assert model([[1.0, 1.0]]) == [[3.0, 7.0, 11.5]] and model.gradient(0, 0, [[1.0, 1.0]], [1.0, 0.0, 1.0]) == [6.0, 8.5]
" "$url"
fi

# A server that hands out faults: asked for at /PATH-OF-THE-FAULT.
cat >faulty.py <<'END'
import http.server, json, sys, time
class Faulty(http.server.BaseHTTPRequestHandler):
    def send(self, text, status=200):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())  # HTTP/1.0: no length, the connection ends
    def do_GET(self):
        fault = self.path.split("/")[1]
        self.send("<html>Welcome" if fault == "garbage" else json.dumps({"protocolVersion": 1.0, "models": ["line"]}))
    def do_POST(self):
        fault, question = self.path.split("/")[1:3]
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if question == "InputSizes": return self.send('{"inputSizes": [%d]}' % (3 if fault == "sizes" else 2))
        if question == "OutputSizes": return self.send('{"outputSizes": [3]}')
        if question == "ModelInfo": return self.send('{"support": {"Evaluate": true}}')
        if fault == "slow": time.sleep(1.0)
        if fault == "breaks": return self.send("Traceback (most recent call last)", 500)
        u = body["input"][0]
        self.send(json.dumps({"output": [[u[0] + 2 * u[1], 3 * u[0] + 4 * u[1], 5 * u[0] + 6.5 * u[1]]]}))
    def log_message(self, *words): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Faulty)
print("http://127.0.0.1:%d" % server.server_port, flush=True)
server.serve_forever()
END
serve faulty.log python3 faulty.py
printf '0.3 -0.7\n' >at.txt
ask() { "$ALEATOR" "$1" remote.toml "${@:2}" --set model.line.slots=1; } # with the fault in model.line.urls
expect 0 ask evaluate --at at.txt --set "model.line.urls=$url/none"
says "0,ok,-"
expect 2 ask check --set "model.line.urls=$url/garbage"
says "[model.line] urls: $url/garbage/Info" "<html>Welcome"
expect 2 ask check --set "model.line.urls=$url/sizes"
says "has 2 parameters, but model 'line' takes 3"
expect 0 ask evaluate --at at.txt --set "model.line.urls=$url/slow" --set model.line.timeout_seconds=0.1 --set model.line.retries=1
says "no answer in time"
expect 0 ask evaluate --at at.txt --set "model.line.urls=$url/breaks"
says "HTTP status 500: 'Traceback"
sed 's|^urls = .*|urls = ["http://127.0.0.1:1"]|' remote.toml >down.toml
expect 2 "$ALEATOR" check down.toml
says "down.toml:3:8: error: [model.line] urls: no server answers" "start it first"
expect 2 ask check --set model.line.urls=http://127.0.0.1:1
says "no server answers: http://127.0.0.1:1: Connection refused" "start it first"
expect 2 on 2 "$ALEATOR" run remote.toml --set model.line.urls=http://127.0.0.1:1 --out never
says_once "no server answers"
expect 2 "$ALEATOR" serve line.toml --port "${one##*:}"
says "cannot listen on 127.0.0.1:${one##*:}"
expect 2 "$ALEATOR" serve line.toml --model curve
says "there is no model or problem 'curve' to serve; there are: line"

# A server that is asked to stop ends well.
kill -TERM "${servers[0]}"
wait "${servers[0]}" || fail "exit code $? of a server that was asked to stop"
done_testing

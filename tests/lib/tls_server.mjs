// tls_server.mjs - HTTPS servers of tls_world.sh, in its directory: HTTP/2 where it is
// offered; each answers with the version of HTTP that was spoken. Ends with standard input.
import { createSecureServer } from 'node:http2';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

const cases = { good: 'good', wrong: 'wrong', old: 'old', mtls: 'good' };
const lines = await Promise.all(Object.entries(cases).map(([name, file]) => new Promise(listening => {
	const mtls = name === 'mtls';
	const server = createSecureServer({
		key: readFileSync(`${file}.key`), cert: readFileSync(`${file}.pem`), allowHTTP1: true,
		ca: readFileSync('ca.pem'), requestCert: mtls, rejectUnauthorized: mtls,
	}, (req, res) => {
		req.resume();
		res.end(req.httpVersion);
	});
	server.listen(0, '127.0.0.1', () => listening(`${name} ${server.address().port}\n`));
})));
writeFileSync('ports.new', lines.join(''));
renameSync('ports.new', 'ports');
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));

// SPDX-License-Identifier: MIT
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.concurrent.Executors;

/** A pool of threads that answers, and leaves much behind for the collector. */
public class Server {
	static final int POOL = 8;
	static final int PIECES = 200;
	static final int PIECE = 5000;

	static long rubbish(String path) {
		byte[][] pieces = new byte[PIECES][];
		long sum = 0;

		for (int i = 0; i < PIECES; i++) {
			pieces[i] = new byte[PIECE];
			Arrays.fill(pieces[i], (byte)(i + path.length()));
		}
		for (byte[] piece : pieces)
			sum += piece[PIECE / 2];
		return sum;
	}

	static void answer(HttpExchange x) throws IOException {
		String path = x.getRequestURI().getPath();
		byte[] body = (path + " " + rubbish(path)).getBytes();

		x.sendResponseHeaders(200, body.length);
		x.getResponseBody().write(body);
		x.close();
	}

	public static void main(String[] args) throws Exception {
		InetSocketAddress at = new InetSocketAddress(
			InetAddress.getLoopbackAddress(),
			Integer.parseInt(args[0]));
		HttpServer server = HttpServer.create(at, 100);

		Runtime.getRuntime().addShutdownHook(new Thread(() -> {
			System.out.println("the hook ran");
		}));
		server.setExecutor(Executors.newFixedThreadPool(POOL));
		server.createContext("/", Server::answer);
		server.start();
	}
}

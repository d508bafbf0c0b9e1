/**
 * What a browser may do with our pages: nothing from elsewhere,
 * no framing, the microphone for ourselves.
 */
import type { FastifyHelmetOptions } from "@fastify/helmet";

export const PERMISSIONS_POLICY =
  "microphone=(self), camera=(), geolocation=(), usb=(), serial=(), payment=()";

export const SECURITY_HEADERS: FastifyHelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      "default-src": ["'self'"],
      "script-src": ["'self'"],
      "style-src": ["'self'"],
      "img-src": ["'self'", "data:", "blob:"],
      "media-src": ["'self'", "blob:"],
      "connect-src": ["'self'"],
      "font-src": ["'self'"],
      "worker-src": ["'self'"],
      "object-src": ["'none'"],
      "base-uri": ["'self'"],
      "form-action": ["'self'"],
      "frame-ancestors": ["'none'"],
    },
  },
  // The certificate is the hub's own: with HSTS a browser
  // would not let anybody in before it is trusted.
  strictTransportSecurity: false,
  referrerPolicy: { policy: "no-referrer" },
};

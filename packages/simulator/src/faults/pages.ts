/** The pages that stand between a client and its provider when a gateway has had enough. */

const nginx = (title: string): string =>
  `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n` +
  '<hr><center>nginx/1.24.0</center>\r\n</body>\r\n</html>\r\n';

export const pages = {
  badGateway: nginx('502 Bad Gateway'),
  gatewayTimeout: nginx('504 Gateway Time-out'),
  cloudflareTimeout:
    '<!DOCTYPE html>\n<html lang="en-US"><head><title>relay.example | 524: A timeout occurred</title></head>\n<body>' +
    '<h1><span>A timeout occurred</span> <span>Error code 524</span></h1>\n<p>The origin web server timed out ' +
    'responding to this request.</p>\n<p>Cloudflare Ray ID: 8f2c6d1e7a90b3c4</p></body></html>\n',
  welcome:
    '<!DOCTYPE html>\n<html><head><title>Welcome</title></head><body><h1>Please log in to continue</h1></body></html>\n',
};
